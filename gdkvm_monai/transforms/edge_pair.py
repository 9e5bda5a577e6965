"""Pairs of edge patches with a known transform, to train the estimator of Vivim's boundary constraint."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable
from torch.nn import functional as F

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.networks.layers import mask_edges

__all__ = ["RandEdgePaird"]


class RandEdgePaird(MapTransform, Randomizable):
    """Replace an item by a random edge patch, warped, and the transform that warped it.

    Args:
        keys: the label, class indices ``(1, H, W, T)``.
        num_classes: number of classes, including background.
        patch_size: rows and columns of a patch; the frames must be larger.
        spread: largest change of an entry of the 2x3 transform from the identity, in halves of the patch.

    Returns:
        ``image``, the warped and the original edges ``(2, P, P)``, and ``label``, the transform ``(2, 3)``.

    Raises:
        ValueError: if no labeled frame has an edge.
    """

    def __init__(self, keys: KeysCollection, num_classes: int, patch_size: int = 32, spread: float = 0.3) -> None:
        MapTransform.__init__(self, keys)
        self.num_classes, self.patch_size, self.spread = num_classes, patch_size, spread

    def __call__(self, data: Mapping) -> dict:
        """Return the new item."""
        label = torch.as_tensor(data[self.keys[0]]).as_subclass(torch.Tensor).movedim(-1, 0)  # (T, 1, H, W)
        edges = mask_edges(label[(label != UNLABELED).flatten(1).all(dim=1)], self.num_classes)
        points = edges[:, 0].nonzero()
        if len(points) == 0:
            raise ValueError(f"{self.keys[0]} has no edge in a labeled frame; leave this clip out of the datalist.")
        frame, *center = points[self.R.randint(len(points))].tolist()
        size, limits = self.patch_size, edges.shape[2:]
        start = [min(max(0, c - self.R.randint(size)), limit - size) for c, limit in zip(center, limits)]
        patch = edges[frame : frame + 1, :, start[0] : start[0] + size, start[1] : start[1] + size]
        change = self.R.uniform(-self.spread, self.spread, (2, 3))
        transform = torch.eye(2, 3) + torch.from_numpy(change).float()
        grid = F.affine_grid(transform[None], [1, 1, size, size], align_corners=False)
        warped = F.grid_sample(patch, grid, align_corners=False)
        return {"image": torch.cat([warped, patch], dim=1)[0], "label": transform}
