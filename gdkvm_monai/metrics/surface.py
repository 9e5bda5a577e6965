"""Distances between the surfaces of two masks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

__all__ = ["surface_distances"]


def surface_distances(
    prediction: np.ndarray, label: np.ndarray, spacing: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Measure the distance of each surface pixel of one mask from the surface of the other.

    Args:
        prediction: binary mask ``(H, W)``, not empty.
        label: binary mask ``(H, W)``, not empty.
        spacing: distance between pixels along axis 0 and axis 1.

    Returns:
        Distances from the prediction's surface pixels to the label's surface, and vice versa, in units of ``spacing``.
    """
    rows, columns = np.nonzero(prediction | label)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]  # contains both surfaces
    surfaces = [mask[box] ^ binary_erosion(mask[box]) for mask in (prediction, label)]
    to_prediction, to_label = (distance_transform_edt(~surface, sampling=spacing) for surface in surfaces)
    return to_label[surfaces[0]], to_prediction[surfaces[1]]
