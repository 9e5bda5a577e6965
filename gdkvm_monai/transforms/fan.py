"""The fan of an ultrasound image: it stands still while the tissue in it moves."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import binary_dilation, binary_erosion, binary_opening, distance_transform_edt
from skimage.morphology import convex_hull_image
from torch import Tensor

__all__ = ["continue_outside", "find_fan"]


def find_fan(image: Tensor) -> Tensor:
    """Return where a clip ``(C, H, W, T)`` from 0 to 1 shows ultrasound, ``(H, W)``: the convex hull of what is bright.

    An image without anything bright is all fan.
    """
    bright = (image.amax(dim=(0, -1)) > 0.02).cpu().numpy()
    bright &= binary_dilation(binary_opening(bright, np.ones((3, 3))), np.ones((3, 3)))  # without single pixels
    hull = convex_hull_image(bright, include_borders=False) if bright.any() else np.ones_like(bright)
    return torch.from_numpy(hull)


def continue_outside(image: Tensor, fan: Tensor) -> Tensor:
    """Return a clip ``(C, H, W, T)`` whose texture goes on outside the fan ``(H, W)``, mirrored at its border."""
    inside = binary_erosion(fan.numpy(), iterations=2)  # without the border's partial pixels
    if not inside.any():
        return image
    nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
    mirrored = 2 * nearest - np.indices(inside.shape)
    rows, columns = (torch.from_numpy(np.clip(i, 0, n - 1)) for i, n in zip(mirrored, inside.shape))
    return image[:, rows, columns]
