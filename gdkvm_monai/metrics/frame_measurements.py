"""Measurements of one segmented frame: areas, volume, parts, and holes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, STRUCTURES
from gdkvm_monai.metrics.anatomy import StructureShape, check_anatomy
from gdkvm_monai.metrics.curves import volume_curve
from gdkvm_monai.metrics.segmentation import score_pair

__all__ = ["FrameMeasurement", "dice", "measure_frame"]


@dataclass(frozen=True)
class FrameMeasurement:
    """Measurements of one segmented frame; mappings are keyed by structure name.

    Attributes:
        areas_px: areas in pixels.
        areas_cm2: areas in cm2; NaN without a spacing.
        volume: volume of the left ventricle by the method of disks (20 disks), in mL or, without a spacing, in
            thousands of cubic pixels; NaN if it cannot be measured.
        shapes: parts and holes.
    """

    areas_px: Mapping[str, int]
    areas_cm2: Mapping[str, float]
    volume: float
    shapes: Mapping[str, StructureShape]


def measure_frame(mask: ArrayLike, spacing_mm: Sequence[float] | None = None) -> FrameMeasurement:
    """Measure one segmented frame.

    Args:
        mask: class indices ``(H, W)``: lateral, depth.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` if unknown.

    Returns:
        Areas, the volume of the left ventricle, parts, and holes.
    """
    mask = np.asarray(mask)
    pixels = {name: int(np.isin(mask, values).sum()) for name, values in STRUCTURES.items()}
    cm2_per_px = np.nan if spacing_mm is None else np.prod(spacing_mm) / 100
    return FrameMeasurement(
        areas_px=pixels,
        areas_cm2={name: float(count * cm2_per_px) for name, count in pixels.items()},
        volume=float(volume_curve(mask[..., None], spacing_mm)[0]),
        shapes=check_anatomy(mask).structures,
    )


def dice(one: np.ndarray, other: np.ndarray, value: int = LV) -> float:
    """Return the Dice of one class in two masks of class indices; NaN if neither mask contains it.

    Example:
        >>> dice(np.array([[1, 1]]), np.array([[1, 0]]))
        0.6666666666666666
    """
    return score_pair(one == value, other == value, distances=False).dice
