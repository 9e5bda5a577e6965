"""Resizing of every frame of a clip in its plane."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import InvertibleTransform, MapTransform
from monai.transforms.spatial.functional import scale_affine
from monai.utils import TraceKeys, convert_to_tensor
from torch.nn.functional import interpolate

__all__ = ["ResizeFramesd"]


class ResizeFramesd(MapTransform, InvertibleTransform):
    """Resize clips in the plane of their frames.

    The same values, up to rounding, as ``Resized`` with ``mode="trilinear"`` and an unchanged number of frames. On a
    CPU, the trilinear kernel of PyTorch takes four times as long for a single frame.

    Args:
        keys: clips ``(C, H, W, T)``; they become float32.
        spatial_size: size of a frame, ``(h, w)``.
        mode: ``"bilinear"``, ``"nearest"``, or another interpolation of images in PyTorch.
        allow_missing_keys: whether items may lack a key.

    Raises:
        ValueError: if ``spatial_size`` is not two positive numbers.

    Example:
        >>> ResizeFramesd("image", (4, 6))({"image": torch.zeros(1, 8, 8, 3)})["image"].shape
        torch.Size([1, 4, 6, 3])
    """

    def __init__(
        self,
        keys: KeysCollection,
        spatial_size: Sequence[int],
        mode: str = "bilinear",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        if len(spatial_size) != 2 or min(spatial_size) < 1:
            raise ValueError(f"spatial_size is {list(spatial_size)}, expected height and width of a frame in pixels.")
        self.spatial_size, self.mode = tuple(spatial_size), mode

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Resize the clips, and update their affines."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self._resize(item[key], self.spatial_size, self.mode)
        return item

    def inverse(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Resize clips to the size that they had, with the interpolation that is recorded in their metadata."""
        item = dict(data)
        for key in self.key_iterator(item):
            done = self.pop_transform(item[key])
            with self.trace_transform(False):
                item[key] = self._resize(item[key], done[TraceKeys.ORIG_SIZE][:2], done[TraceKeys.EXTRA_INFO]["mode"])
        return item

    def _resize(self, clip: torch.Tensor, size: Sequence[int], mode: str) -> MetaTensor:
        clip = convert_to_tensor(clip, track_meta=True)
        old, new = tuple(clip.shape[1:]), (*size, clip.shape[-1])
        known = {"orig_size": old, "extra_info": {"mode": mode}, "transform_info": self.get_transform_info()}
        trace = self.track_transform_meta(clip, sp_size=new, affine=scale_affine(old, new), **known)
        frames = clip.as_tensor().float()
        if new != old:
            frames = interpolate(frames.movedim(-1, 0).contiguous(), tuple(size), mode=mode).movedim(0, -1)
        return MetaTensor(frames).copy_meta_from(trace)
