"""Dictionary transforms along the time axis of clips ``(C, H, W, T)``, which MONAI does not offer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.transforms.gray import FAULTS

__all__ = ["FromEDToESd", "KeepLabelFramesd", "PlaceLabelFramesd", "SampleFramesd", "take_frames"]


class PlaceLabelFramesd(MapTransform):
    """Extend a label of some frames to the length of the clip; the other frames become ``UNLABELED``.

    The item's ``label_frames`` (0-based, in the label's order) lists the annotated frames. The label contains either
    only these frames or all frames of the clip, of which the others are then ignored. Without ``label_frames``, every
    frame is annotated.

    Args:
        keys: labels, ``(1, H, W, n)``.
        image_key: key of the clip, ``(C, H, W, T)``.
        frames_key: item entry with the frame numbers.

    Raises:
        ValueError: if the numbers do not match the clip or the label.
    """

    def __init__(self, keys: KeysCollection, image_key: str = "image", frames_key: str = "label_frames") -> None:
        super().__init__(keys)
        self.image_key, self.frames_key = image_key, frames_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        frames = item.get(self.frames_key)
        if frames is None:
            return item
        frames, length = [int(frame) for frame in frames], item[self.image_key].shape[-1]
        for key in self.key_iterator(item):
            label = item[key]
            if label.shape[-1] not in (len(frames), length) or not all(0 <= frame < length for frame in frames):
                raise ValueError(
                    f"{key} has {label.shape[-1]} frames and {self.frames_key} is {frames}, but the clip has {length} "
                    f"frames (0 to {length - 1}); provide one label frame per entry, or one per frame of the clip."
                )
            known = label if label.shape[-1] == len(frames) else label[..., frames]
            placed = label[..., :1].expand(*label.shape[:-1], length).clone()
            placed.fill_(UNLABELED)
            placed[..., frames] = known
            item[key] = placed
        return item


class FromEDToESd(MapTransform):
    """Trim a clip to the frames from end-diastole to end-systole, in that order.

    CAMUS stores some half sequences from ES to ED; these are reversed together with their labels. Items without the two
    frame numbers pass unchanged.

    Args:
        keys: clips and labels, ``(C, H, W, T)``.
        ed_key: item entry with the 0-based frame number of end-diastole.
        es_key: item entry with the 0-based frame number of end-systole.
    """

    def __init__(self, keys: KeysCollection, ed_key: str = "ed_frame", es_key: str = "es_frame") -> None:
        super().__init__(keys)
        self.ed_key, self.es_key = ed_key, es_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        if self.ed_key not in item or self.es_key not in item:
            return item
        ed, es = int(item[self.ed_key]), int(item[self.es_key])
        step = 1 if es >= ed else -1
        frames = list(range(ed, es + step, step))
        for key in self.key_iterator(item):
            length = item[key].shape[-1]
            if not (0 <= ed < length and 0 <= es < length):
                raise ValueError(
                    f"{self.ed_key} {ed} and {self.es_key} {es} do not lie in {key}, which has {length} frames; "
                    "frame numbers are 0-based."
                )
            item[key] = take_frames(item[key], frames)
        item[self.ed_key], item[self.es_key] = 0, len(frames) - 1
        return item


class SampleFramesd(MapTransform):
    """Take a fixed number of frames, evenly spaced over the clip and always including the first and the last.

    A clip with fewer frames repeats some of them, so that every clip of a batch has the same length.

    Args:
        keys: clips and labels, ``(C, H, W, T)``.
        num_frames: number of frames to take (the paper: 10); 0 keeps all frames.
        label_key: label ``(1, H, W, T)`` whose annotated frames are kept: each one that the even sample misses replaces
            the nearest frame without a label, as long as there is one.
    """

    def __init__(self, keys: KeysCollection, num_frames: int = 10, label_key: str | None = None) -> None:
        super().__init__(keys)
        if num_frames < 0:
            raise ValueError(f"num_frames is {num_frames}, expected 1 or more, or 0 to keep all frames.")
        self.num_frames, self.label_key = num_frames, label_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        if self.num_frames == 0:
            return item
        labeled = [] if self.label_key is None else labeled_frames(item[self.label_key])
        for key in self.key_iterator(item):
            frames = torch.linspace(0, item[key].shape[-1] - 1, self.num_frames).round().long().tolist()
            item[key] = take_frames(item[key], _with(labeled, frames))
        return item


def take_frames(clip: torch.Tensor, frames: Sequence[int]) -> torch.Tensor:
    """Take frames of a clip or label ``(C, H, W, T)`` in the given order, together with their metadata."""
    taken = clip[..., frames]
    faults = getattr(clip, "meta", {}).get(FAULTS)
    if faults is not None:
        taken.meta = {**clip.meta, FAULTS: torch.as_tensor(faults)[list(frames)]}
    return taken


def labeled_frames(label: torch.Tensor) -> list[int]:
    """Return the numbers of the fully annotated frames of a label ``(1, H, W, T)``."""
    return torch.nonzero((label != UNLABELED).flatten(0, 2).all(dim=0)).flatten().tolist()


def _with(labeled: Sequence[int], frames: Sequence[int]) -> list[int]:
    """Return the frame numbers after missing labeled frames have replaced the nearest unlabeled ones."""
    frames = list(frames)
    for frame in labeled:
        places = [place for place, other in enumerate(frames) if other not in labeled]
        if frame not in frames and places:
            frames[min(places, key=lambda place: abs(frames[place] - frame))] = frame
    return sorted(frames)


class KeepLabelFramesd(MapTransform):
    """Keep the labels of some frames; the others become ``UNLABELED`` and are neither trained on nor scored.

    Args:
        keys: labels, ``(1, H, W, T)``.
        frames: frames to keep; negative numbers count from the end. ``(0, -1)`` are ED and ES, the frames that the
            paper supervises and that experts annotated in CAMUS; ``None`` keeps all.
        phase_keys: item entries with the ED and ES frames, for example ``("ed_frame", "es_frame")``. An item that lacks
            one of them keeps all its labels, because its first and last frames are not known to be ED and ES.
    """

    def __init__(
        self, keys: KeysCollection, frames: Sequence[int] | None = (0, -1), phase_keys: Sequence[str] = ()
    ) -> None:
        super().__init__(keys)
        self.frames = None if frames is None else list(frames)
        self.phase_keys = list(phase_keys)

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        if self.frames is None or not all(key in item for key in self.phase_keys):
            return item
        for key in self.key_iterator(item):
            length = item[key].shape[-1]
            if not all(-length <= frame < length for frame in self.frames):
                raise ValueError(f"frames {self.frames} do not all lie in {key}, which has {length} frames.")
            kept = torch.full_like(item[key], UNLABELED)
            kept[..., self.frames] = item[key][..., self.frames]
            item[key] = kept
        return item
