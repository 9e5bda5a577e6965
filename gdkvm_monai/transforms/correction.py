"""Transforms for an annotator's correction of some frames: from a file to the network and into the result."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import torch
from monai.config import PathLike
from monai.transforms import Resize, Transform

from gdkvm_monai.data.geometry import REGION, region_slices
from gdkvm_monai.labels import BACKGROUND, UNLABELED
from gdkvm_monai.transforms.check_clip import CheckClipd
from gdkvm_monai.transforms.frames import PlaceLabelFramesd
from gdkvm_monai.transforms.load_clip import LoadImageClipd

__all__ = ["AppendCorrectiond", "KeepCorrectiond", "LoadCorrectiond"]

CORRECTION = "correction"
FRAMES = "correction_frame"
DRAWN = "correction_label"


class LoadCorrectiond(Transform):
    """Load the label with the corrected frames of a clip on the clip's grid; without a correction, do nothing.

    The item then has ``correction_label``, ``(1, H, W, T)``: class indices in the corrected frames, ``UNLABELED``
    elsewhere. The item's entries ``correction`` and ``correction_frame`` (a request to MONAI Label) take precedence
    over the arguments. Because a request is untrusted, its ``correction`` must be a label tag of the MONAI Label
    datastore (``"final"``, ``"original"``) or a path relative to the clip's folder that does not leave it.

    Args:
        correction: label file with as many frames as the clip, or one per corrected frame; none by default.
        frames: 0-based numbers of the corrected frames: one, several, or a string such as ``"3, 7"``.
        num_classes: number of classes including background.
        image_key: key of the clip, ``(C, H, W, T)``, loaded and not yet resized.

    Raises:
        FileNotFoundError: if the label does not exist.
        ValueError: if a frame number is outside the clip or names an empty frame, shapes differ, label values are
            unknown, or one of the two entries is missing.
    """

    def __init__(
        self,
        correction: PathLike | None = None,
        frames: int | str | Sequence[int] | None = None,
        num_classes: int = 4,
        image_key: str = "image",
    ) -> None:
        self.correction, self.frames, self.image_key = correction, frames, image_key
        self.steps = (  # not a Compose, which would wrap the cause of an error
            LoadImageClipd(DRAWN),
            PlaceLabelFramesd(DRAWN, image_key, FRAMES),
            CheckClipd(num_classes, image_key, DRAWN),
        )

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        clip = item[self.image_key]
        path = _given(self.correction)
        if _given(item.get(CORRECTION)) is not None:
            path = _in_datastore(str(item[CORRECTION]), Path(clip.meta["filename_or_obj"]))
        frames = _frame_numbers(_given(item.get(FRAMES)), _given(self.frames))
        if path is None and not frames:
            return item
        if path is None or not frames:
            raise ValueError(
                f"{CORRECTION} is {path} and {FRAMES} is {frames}; a correction needs both, a label file and the "
                "numbers of its corrected frames."
            )
        loaded = {self.image_key: clip, DRAWN: str(path), FRAMES: frames}
        for step in self.steps:
            loaded = step(loaded)
        drawn = loaded[DRAWN]
        for frame in frames:
            if bool((drawn[..., frame] == BACKGROUND).all()) or bool((drawn[..., frame] == UNLABELED).any()):
                raise ValueError(f"{path}: frame {frame} is empty; set the numbers of the corrected frames.")
        return {**item, DRAWN: drawn}


class AppendCorrectiond(Transform):
    """Append ``correction_label``, cropped and resized like the clip, as the clip's last channel for the inferer.

    MONAI Label passes only the image to an inferer; a channel is also preserved in batches.

    Args:
        image_key: key of the preprocessed clip, ``(C, h, w, T)``.
    """

    def __init__(self, image_key: str = "image") -> None:
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        if DRAWN in item:
            clip = item[self.image_key]
            full = item[DRAWN]
            columns, rows = region_slices(clip.meta.get(REGION), full.shape[1:3])
            drawn = Resize(clip.shape[1:], mode="nearest-exact")(full[:, columns, rows])
            item[self.image_key] = torch.cat([clip, drawn.as_tensor().to(clip.dtype)])
        return item


class KeepCorrectiond(Transform):
    """Copy the annotator's drawing into the result pixel for pixel; the network's grid would change it.

    Args:
        pred_key: key of the class indices, ``(1, H, W, T)``, on the clip's grid.
    """

    def __init__(self, pred_key: str = "pred") -> None:
        self.pred_key = pred_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        if DRAWN in item:
            pred = item[self.pred_key]
            drawn = torch.as_tensor(item[DRAWN]).to(pred)
            item[self.pred_key] = torch.where(drawn == UNLABELED, pred, drawn)
        return item


def _given(value: object) -> object:
    """Return ``None`` for an empty value from a form or a config."""
    return None if value is None or isinstance(value, (str, list, tuple)) and not value else value


def _frame_numbers(*candidates: object) -> list[int]:
    """Return the first candidate that is set, as frame numbers."""
    value = next((value for value in candidates if value is not None), [])
    try:
        values = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else [value]
        return [int(number) for number in values]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{FRAMES} is {value!r}, expected frame numbers such as 3 or '3, 7'.") from error


def _in_datastore(correction: str, image: Path) -> Path:
    """Return the path of a label by tag, or by a relative path that does not leave the clip's folder."""
    folder = image.parent.resolve()
    tagged = folder / "labels" / correction / image.name
    path = tagged if tagged.is_file() else folder / correction
    if not path.resolve().is_relative_to(folder):
        raise ValueError(f"{CORRECTION} is {correction!r}; use a label tag, or a path inside the folder of the clips.")
    if not path.is_file():
        raise FileNotFoundError(f"{CORRECTION} is {correction!r}, but there is no {tagged}; save the label first.")
    return path
