"""Length and diameters or area of the left ventricle in one annotated frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from monai.utils import convert_to_numpy, look_up_option
from numpy.typing import ArrayLike
from skimage.measure import label, regionprops

from gdkvm_monai.labels import LEFT_ATRIUM, LV, UNLABELED
from gdkvm_monai.metrics.creatis import measure_creatis_axis
from gdkvm_monai.metrics.long_axis import LongAxis, measure_long_axis

__all__ = ["METHODS", "Ventricle", "measure_ventricle"]

METHODS = ("disks", "area_length", "creatis")
"""The method of disks, the area-length surrogate of the paper's public evaluator, and CAMUS's published script."""


@dataclass(frozen=True)
class Ventricle:
    """Measurements of the ventricle in one frame; lengths are in the unit of the spacing.

    Attributes:
        length: length of the cavity.
        parts: number of 8-connected components of the mask.
        diameters: diameters across the axis, starting at the base, ``(n,)``; empty for ``"area_length"``.
        area: area of the cavity for ``"area_length"``, otherwise NaN.
        long_axis: axis and information about its quality for ``"disks"``, otherwise ``None``.
    """

    length: float
    parts: int
    diameters: np.ndarray = field(default_factory=lambda: np.empty(0))
    area: float = np.nan
    long_axis: LongAxis | None = None


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
        depth_axis: for ``"creatis"``, see :func:`~gdkvm_monai.metrics.creatis.measure_creatis_axis`.
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
    cavity = frame == LV
    if not cavity.any():
        raise ValueError("the left ventricle is missing from the mask.")
    if method == "disks":
        found = measure_long_axis(cavity, spacing, frame == LEFT_ATRIUM, axis, disks)
        return Ventricle(found.length, found.parts, found.diameters, long_axis=found)
    parts = int(label(cavity, connectivity=2).max())
    if method == "creatis":
        diameters, length = measure_creatis_axis(cavity, spacing, depth_axis)
        return Ventricle(length, parts, diameters)
    region = regionprops(cavity.astype(np.uint8), spacing=spacing)[0]
    return Ventricle(region.axis_major_length, parts, area=region.area)
