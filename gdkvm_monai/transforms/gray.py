"""Gray levels and invalid frames, which are detected once, marked for the inferer, and refused in training."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type

from gdkvm_monai.data.intensity import FrameFault, GrayScale, measure_gray_scale

__all__ = ["FAULTS", "MarkInvalidFramesd", "RefuseInvalidFramesd", "ScaleToGrayd"]

FAULTS = "frame_faults"
"""Metadata key of the :class:`~gdkvm_monai.data.intensity.FrameFault` of every frame, ``(T,)``."""


class ScaleToGrayd(MapTransform):
    """Convert the values of a file to gray levels, 0 to 255, and record which frames cannot be segmented.

    The scale is that of :func:`~gdkvm_monai.data.intensity.measure_gray_scale` over all frames, so apply this transform
    after the crop and before frames are selected. If the metadata contain ``intensity_low`` and ``intensity_high`` (and
    ``outside``), as set by :class:`~gdkvm_monai.inferers.StreamSession`, they define the scale instead.

    A frame with a non-finite value becomes black here, because resizing would spread the value to other frames;
    :class:`MarkInvalidFramesd` or :class:`RefuseInvalidFramesd` must follow.

    Args:
        keys: clips, ``(1, H, W, T)``.

    Raises:
        ValueError: if a clip has more than one channel.
    """

    def __init__(self, keys: KeysCollection) -> None:
        super().__init__(keys)

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        """Scale the clips, and store the scale and the frames' faults in their metadata."""
        item = dict(data)
        for key in self.key_iterator(item):
            clip = item[key]
            if clip.shape[0] != 1:
                raise ValueError(f"{key} has {clip.shape[0]} channels, expected one gray clip (1, H, W, T).")
            frames = np.moveaxis(clip.detach().cpu().numpy()[0], -1, 0)  # (T, H, W)
            scale = _scale(clip.meta, frames)
            faults = [scale.fault(frame) for frame in frames]
            gray = np.empty_like(frames, dtype=np.float32)
            for place, (frame, fault) in enumerate(zip(frames, faults)):
                gray[place] = 0 if fault is FrameFault.NOT_FINITE else scale.apply(frame)
            item[key] = convert_to_dst_type(np.moveaxis(gray, 0, -1)[None], clip, dtype=torch.float32)[0]
            kept = {name: value for name, value in clip.meta.items() if name != "outside"}
            found = {"intensity_low": scale.low, "intensity_high": scale.high, FAULTS: torch.tensor(faults)}
            item[key].meta = {**kept, **found}
        return item


class MarkInvalidFramesd(MapTransform):
    """Fill invalid frames with NaN, as the last transform before inference.

    The inferers of this package recognize such frames, give them an empty mask, and leave the memory unchanged.

    Args:
        keys: clips behind :class:`ScaleToGrayd`, ``(C, h, w, T)``.
    """

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        """Mark the frames."""
        item = dict(data)
        for key in self.key_iterator(item):
            invalid = _faults(item[key], key) != FrameFault.NONE
            if bool(invalid.any()):
                item[key] = item[key].clone()
                item[key][..., invalid] = torch.nan
        return item


class RefuseInvalidFramesd(MapTransform):
    """Refuse a clip with a non-finite pixel in training.

    Frames with a single value, for example black ones, pass.

    Args:
        keys: clips behind :class:`ScaleToGrayd`, ``(C, h, w, T)``.

    Raises:
        ValueError: if a frame has such a pixel; the message names the file.
    """

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        """Check the clips."""
        for key in self.key_iterator(dict(data)):
            broken = int((_faults(data[key], key) == FrameFault.NOT_FINITE).sum())
            if broken:
                source = data[key].meta.get("filename_or_obj", key)
                raise ValueError(
                    f"{source}: {broken} of {data[key].shape[-1]} frames to train on have pixels that are not finite "
                    "(NaN or infinite); export the clip again, or leave it out."
                )
        return dict(data)


def _scale(meta: Mapping, frames: np.ndarray) -> GrayScale:
    if "intensity_low" in meta and "intensity_high" in meta:
        return GrayScale(float(meta["intensity_low"]), float(meta["intensity_high"]), meta.get("outside"))
    return measure_gray_scale(frames, meta.get("pixel_type", ""))


def _faults(clip: torch.Tensor, key: Hashable) -> torch.Tensor:
    faults = getattr(clip, "meta", {}).get(FAULTS)
    if faults is None or len(faults) != clip.shape[-1]:
        raise ValueError(f"the faults of {key}'s frames are unknown; put ScaleToGrayd before this transform.")
    return torch.as_tensor(faults)
