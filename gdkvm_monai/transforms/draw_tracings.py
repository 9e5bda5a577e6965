"""Labels from the tracings of EchoNet-Dynamic."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from gdkvm_monai.data.datalists.echonet_tracings import SIDE, draw_tracing
from gdkvm_monai.labels import LV, UNLABELED

__all__ = ["DrawTracingsd"]


class DrawTracingsd(MapTransform):
    """Draw the label of a video from its tracings; the frames without a tracing become ``UNLABELED``.

    Args:
        keys: labels to create, ``(1, H, W, T)``; the pixels inside are ``LV``.
        image_key: key of the clip, ``(C, H, W, T)``: lateral, depth, time.
        tracings_key: item entry with the lines of each tracing, see :func:`~gdkvm_monai.data.echonet_datalist`.
        frames_key: item entry with the frame of each tracing.
        size: size of the frames in pixels to which the tracings refer, ``(H, W)``; for the data set, 112 x 112.

    Raises:
        ValueError: if the clip has another size, whatever ``FileList.csv`` says, a frame does not lie in the clip, or a
            tracing encloses no pixel of it.
    """

    def __init__(
        self,
        keys: KeysCollection,
        image_key: str = "image",
        tracings_key: str = "tracings",
        frames_key: str = "label_frames",
        size: tuple[int, int] = (SIDE, SIDE),
    ) -> None:
        super().__init__(keys)
        self.size = tuple(size)
        self.image_key, self.tracings_key, self.frames_key = image_key, tracings_key, frames_key

    def __call__(self, data: Mapping[Hashable, object]) -> dict[Hashable, object]:
        item = dict(data)
        image = item[self.image_key]
        if tuple(image.shape[1:3]) != self.size:
            name = Path(getattr(image, "meta", {}).get("filename_or_obj", "the video")).name
            raise ValueError(
                f"{name} has frames of {tuple(image.shape[1:3])} pixels, but its tracings refer to {self.size}; leave "
                "it out or correct its size in FileList.csv."
            )
        label = torch.full((1, *image.shape[1:]), UNLABELED, dtype=torch.float32)
        for frame, lines in zip(item[self.frames_key], item[self.tracings_key], strict=True):
            if not 0 <= frame < image.shape[-1]:
                raise ValueError(
                    f"{self.frames_key} has frame {frame}, but the clip has {image.shape[-1]} frames (0 to "
                    f"{image.shape[-1] - 1}); leave the video out or correct the frame in VolumeTracings.csv."
                )
            mask = torch.from_numpy(draw_tracing(lines, tuple(image.shape[1:3])))
            if not mask.any():
                raise ValueError(
                    f"the tracing of frame {frame} encloses no pixel of a frame of {tuple(image.shape[1:3])} pixels; "
                    "leave the video out or correct VolumeTracings.csv."
                )
            label[0, ..., frame] = mask * LV
        del item[self.tracings_key]  # as many lines as were traced, which do not collate
        for key in self.keys:
            item[key] = MetaTensor(label.clone(), meta=getattr(image, "meta", None))
        return item
