"""Length and diameters or area of the left ventricle in one annotated frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from monai.utils import convert_to_numpy, look_up_option
from numpy.typing import ArrayLike
from skimage.measure import regionprops

from gdkvm_monai.labels import LEFT_ATRIUM, LV, UNLABELED
from gdkvm_monai.metrics.cavity import Cavity, Flag, find_cavity
from gdkvm_monai.metrics.creatis import measure_creatis_axis
from gdkvm_monai.metrics.long_axis import LongAxis, measure_long_axis

__all__ = ["METHODS", "Ventricle", "measure_ventricle"]

METHODS = ("disks", "area_length", "area_length_filtered", "creatis", "creatis_filtered")
"""The method of disks; the area-length surrogate of the paper's public evaluator and CAMUS's published script, both
literally and limited to the cavity that the method of disks measures."""


@dataclass(frozen=True)
class Ventricle:
    """Measurements of the ventricle in one frame; lengths are in the unit of the spacing.

    Attributes:
        length: length of the cavity.
        cavity: the pixels that the method of disks and the filtered methods measure; ``"area_length"`` and
            ``"creatis"`` take the mask as it is.
        diameters: diameters across the axis, starting at the base, ``(n,)``; empty for the area-length methods.
        area: area of the cavity for the area-length methods, otherwise NaN.
        long_axis: axis for ``"disks"``, otherwise ``None``.
        as_given: whether the mask was measured as it is, with all its parts and holes.
    """

    length: float
    cavity: Cavity
    diameters: np.ndarray = field(default_factory=lambda: np.empty(0))
    area: float = np.nan
    long_axis: LongAxis | None = None
    as_given: bool = False

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What looks wrong, by every method: the flags of the cavity and of the long axis."""
        return self.cavity.describe(self.as_given) if self.long_axis is None else self.long_axis.flags


def measure_ventricle(
    frame: ArrayLike | None,
    spacing: Sequence[float],
    method: str = "disks",
    axis: str | ArrayLike | None = None,
    depth_axis: int = 0,
    disks: int = 20,
) -> Ventricle:
    """Measure the ventricle of one frame.

    Args:
        frame: class indices ``(H, W)``; ``None`` for a missing frame. The left atrium helps to find the base.
        spacing: distance between pixels along axis 0 and axis 1.
        method: one of ``METHODS``.
        axis: for ``"disks"``, see :func:`~gdkvm_monai.metrics.long_axis.measure_long_axis`.
        depth_axis: for the CREATIS methods, see :func:`~gdkvm_monai.metrics.creatis.measure_creatis_axis`.
        disks: number of diameters for ``"disks"``.

    Returns:
        The measurements needed to compute the volume.

    Raises:
        ValueError: if the frame is missing or not annotated, or the ventricle is missing or has no such axis.
    """
    look_up_option(method, METHODS)
    if frame is None:
        raise ValueError("the frame is missing.")
    frame = convert_to_numpy(frame)
    if (frame == UNLABELED).any():
        raise ValueError("the frame is not annotated.")
    given = frame == LV
    if not given.any():
        raise ValueError("the left ventricle is missing from the mask.")
    if method == "disks":
        found = measure_long_axis(given, spacing, frame == LEFT_ATRIUM, axis, disks)
        return Ventricle(found.length, found.cavity, found.diameters, long_axis=found)
    cavity = find_cavity(given, spacing)
    as_given = not method.endswith("_filtered")
    measured = given if as_given else cavity.mask
    if method.startswith("creatis"):
        diameters, length = measure_creatis_axis(measured, spacing, depth_axis)
        return Ventricle(length, cavity, diameters, as_given=as_given)
    (region,) = regionprops(measured.astype(np.uint8), spacing=spacing)
    return Ventricle(region.axis_major_length, cavity, area=region.area, as_given=as_given)
