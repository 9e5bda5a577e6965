"""Random in-plane rotation, zoom, aspect, and shift of a clip, with a single resampling."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform
from monai.utils import convert_to_dst_type, ensure_tuple_rep
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

__all__ = ["RandAffineFramesd"]


class RandAffineFramesd(RandomizableTransform, MapTransform):
    """Transform all frames of a clip by one random in-plane affine map.

    MONAI's ``RandAffined`` draws the scale of each axis independently, so a zoom would also distort the heart, and it
    computes a 3-D grid although one 2-D grid fits all frames. Pixels from outside the image are zero.

    Args:
        keys: clips and labels, ``(C, H, W, T)``, all of one size.
        prob: probability that a clip is transformed.
        rotation_degrees: largest angle in either direction.
        zoom: smallest and largest magnification of both axes.
        aspect: largest fraction by which one axis is enlarged and the other reduced.
        shift: largest shift along each axis, as a fraction of its length.
        mode: ``"bilinear"`` for clips, ``"nearest"`` for labels; one for all keys or one per key.

    Raises:
        ValueError: if the zoom is not a positive range.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.8,
        rotation_degrees: float = 15.0,
        zoom: Sequence[float] = (0.8, 1.15),
        aspect: float = 0.08,
        shift: float = 0.1,
        mode: str | Sequence[str] = ("bilinear", "nearest"),
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        if not 0 < zoom[0] <= zoom[1]:
            raise ValueError(f"zoom is {list(zoom)}, expected a positive smallest and a largest magnification.")
        self.rotation_degrees, self.zoom, self.aspect, self.shift = rotation_degrees, tuple(zoom), aspect, shift
        self.mode = ensure_tuple_rep(mode, len(self.keys))
        self.matrix = torch.eye(2, 3)

    def randomize(self, data: Any | None = None) -> None:
        """Draw the map from output to input positions, ``(2, 3)``, in the -1 to 1 coordinates of ``grid_sample``."""
        super().randomize(None)
        angle = np.deg2rad(self.R.uniform(-self.rotation_degrees, self.rotation_degrees))
        zoom, stretch = self.R.uniform(*self.zoom), np.exp(self.R.uniform(-1, 1) * np.log1p(self.aspect))
        shift = 2 * self.R.uniform(-self.shift, self.shift, size=2)
        cos, sin = np.cos(angle), np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]]) / (zoom * np.array([[stretch], [1 / stretch]]))
        self.matrix = torch.tensor(np.column_stack([linear, -linear @ shift]), dtype=torch.float32)

    def __call__(self, data: Mapping[Hashable, Tensor]) -> dict[Hashable, Tensor]:
        """Transform the clips of an item, or return it unchanged."""
        item = dict(data)
        self.randomize()
        if not self._do_transform:
            return item
        for key, mode in self.key_iterator(item, self.mode):
            item[key] = convert_to_dst_type(_move(torch.as_tensor(item[key]), self.matrix, mode), item[key])[0]
        return item


def _move(clip: Tensor, matrix: Tensor, mode: str) -> Tensor:
    """Resample a clip ``(C, H, W, T)`` with one grid for all frames."""
    frames = clip.movedim(-1, 1).flatten(0, 1)[None].float()  # (1, C * T, H, W)
    grid = affine_grid(matrix[None].to(clip.device), list(frames.shape), align_corners=False)
    moved = grid_sample(frames, grid, mode=mode, padding_mode="zeros", align_corners=False)
    return moved[0].unflatten(0, (clip.shape[0], clip.shape[-1])).movedim(1, -1)
