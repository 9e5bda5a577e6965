"""Measurements of one segmented frame: areas, volume, length, flags, and anatomy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, STRUCTURES
from gdkvm_monai.metrics.anatomy import Anatomy, check_anatomy
from gdkvm_monai.metrics.cavity import Flag, find_cavity
from gdkvm_monai.metrics.chambers import Chambers, measure_chambers
from gdkvm_monai.metrics.segmentation import score_pair
from gdkvm_monai.metrics.spacing import check_spacing
from gdkvm_monai.metrics.ventricle import Ventricle, measure_ventricle
from gdkvm_monai.metrics.volume import disk_volume_ml

__all__ = ["FrameMeasurement", "dice", "measure_frame"]


@dataclass(frozen=True)
class FrameMeasurement:
    """Measurements of one segmented frame; mappings are keyed by structure name.

    Attributes:
        areas_px: areas in pixels; of the two chambers, the area of the pixels that
            :func:`~gdkvm_monai.metrics.cavity.find_cavity` chooses, from which the volume is computed too.
        areas_cm2: areas in cm2; NaN without a spacing.
        volume: volume of the left ventricle by the method of disks (20 disks), in mL or, without a spacing, in
            thousands of cubic pixels; NaN if there is no ventricle, or if it is in pieces (see
            :class:`~gdkvm_monai.metrics.cavity.Cavity`).
        length: length of the left ventricle in mm or, without a spacing, in pixels; NaN as for the volume.
        base_rule: rule that found the base of the ventricle, see :class:`~gdkvm_monai.metrics.long_axis.LongAxis`;
            empty without a ventricle.
        flags: what looks wrong with the ventricle; the volume may be wrong if there is one.
        anatomy: parts and holes of each structure of the mask as it is, and how they lie to each other.
        chambers: geometry of the ventricle and the atrium; ``None`` without a ventricle or if it is in pieces.
    """

    areas_px: Mapping[str, int]
    areas_cm2: Mapping[str, float]
    volume: float
    length: float
    base_rule: str
    flags: tuple[Flag, ...]
    anatomy: Anatomy
    chambers: Chambers | None = None


def measure_frame(mask: ArrayLike, spacing_mm: Sequence[float] | None = None) -> FrameMeasurement:
    """Measure one segmented frame.

    Args:
        mask: class indices ``(H, W)``: lateral, depth.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` if unknown.

    Returns:
        Areas, the volume and the length of the left ventricle, its flags, the anatomy, and the geometry.

    Raises:
        ValueError: if the mask is not 2-D or not annotated.
    """
    mask, step = np.asarray(mask), check_spacing(spacing_mm)
    anatomy = check_anatomy(mask)
    ventricle = measure_ventricle(mask, step) if anatomy.structures["LV"].parts else None
    pixels = {name: _area(mask, name, ventricle, step) for name in STRUCTURES}
    whole = ventricle if ventricle and ventricle.cavity.whole else None
    cm2_per_px = np.nan if spacing_mm is None else np.prod(step) / 100
    return FrameMeasurement(
        areas_px=pixels,
        areas_cm2={name: float(count * cm2_per_px) for name, count in pixels.items()},
        volume=disk_volume_ml(whole.diameters, whole.length) if whole else np.nan,
        length=whole.length if whole else np.nan,
        base_rule=ventricle.long_axis.method if ventricle else "",
        flags=ventricle.flags if ventricle else (),
        anatomy=anatomy,
        chambers=measure_chambers(whole.long_axis, spacing_mm) if whole else None,
    )


def _area(mask: np.ndarray, name: str, ventricle: Ventricle | None, step: Sequence[float]) -> int:
    """Return the number of measured pixels; all parts of the wall count, because it is not a cavity."""
    if name == "LV":
        return ventricle.cavity.pixels if ventricle else 0
    if name == "LA" and ventricle:
        return ventricle.long_axis.atrium.pixels if ventricle.long_axis.atrium else 0
    given = np.isin(mask, STRUCTURES[name])
    return find_cavity(given, step).pixels if name == "LA" else int(given.sum())


def dice(one: np.ndarray, other: np.ndarray, value: int = LV) -> float:
    """Return the Dice of one class in two masks of class indices; NaN if neither mask contains it.

    Example:
        >>> dice(np.array([[1, 1]]), np.array([[1, 0]]))
        0.6666666666666666
    """
    return score_pair(one == value, other == value, distances=False).dice
