"""Geometry of the left ventricle and the left atrium in one frame, from which sizes and motion are derived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gdkvm_monai.metrics.left_atrium import LeftAtrium, measure_left_atrium
from gdkvm_monai.metrics.long_axis import LongAxis
from gdkvm_monai.metrics.wall_motion import wall_length

__all__ = ["Chambers", "LEVELS", "measure_chambers"]

LEVELS = {"basal": 1 / 6, "mid": 1 / 2, "apical": 5 / 6}
"""Where the diameters of the ventricle are measured: in the middles of its thirds, as shares of the length."""


@dataclass(frozen=True)
class Chambers:
    """Geometry of the ventricle and the atrium of one frame; lengths are in mm or, without a spacing, in pixels.

    Attributes:
        base: middle of the mitral annulus: array indices times spacing.
        apex: apex, in the same form.
        diameters: diameter of the ventricle at each of ``LEVELS``.
        wall_length: length of the endocardial outline; NaN if unknown.
        left_atrium: left atrium; ``None`` if there is none, or no spacing.
    """

    base: tuple[float, float]
    apex: tuple[float, float]
    diameters: Mapping[str, float]
    wall_length: float
    left_atrium: LeftAtrium | None


def measure_chambers(axis: LongAxis, spacing_mm: Sequence[float] | None = None) -> Chambers:
    """Measure the geometry of one frame.

    Args:
        axis: long axis of the left ventricle, measured with its atrium if there is one.
        spacing_mm: mm per pixel of axis 0 and axis 1; ``None`` if unknown.
    """
    known = spacing_mm is not None and axis.atrium is not None
    return Chambers(
        base=tuple(axis.base.tolist()),
        apex=tuple(axis.apex.tolist()),
        diameters=_level_diameters(axis.diameters),
        wall_length=wall_length(axis, (1, 1) if spacing_mm is None else spacing_mm),
        left_atrium=measure_left_atrium(axis.atrium, axis.base, spacing_mm) if known else None,
    )


def _level_diameters(diameters: np.ndarray) -> dict[str, float]:
    """Return the diameters at ``LEVELS``, interpolated linearly between those in the middles of the disks."""
    middles = (np.arange(len(diameters)) + 0.5) / len(diameters)
    return {name: float(np.interp(level, middles, diameters)) for name, level in LEVELS.items()}
