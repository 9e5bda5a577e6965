"""Length, area, and volume of the left atrium in one apical view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.cavity import Cavity, find_cavity
from gdkvm_monai.metrics.contour import diameters_across, trace_contour
from gdkvm_monai.metrics.volume import area_length_volume_ml, disk_volume_ml

__all__ = ["LeftAtrium", "measure_left_atrium"]


@dataclass(frozen=True)
class LeftAtrium:
    """Measurements of the left atrium in one frame, for a spacing in mm.

    Attributes:
        length_mm: largest distance of the atrium's outline from the middle of the mitral annulus.
        area_cm2: area of the measured pixels.
        area_length_ml: volume by the area-length method.
        disks_ml: volume by the method of disks.
    """

    length_mm: float
    area_cm2: float
    area_length_ml: float
    disks_ml: float


def measure_left_atrium(
    atrium: ArrayLike | Cavity, annulus: ArrayLike, spacing_mm: Sequence[float], disks: int = 20
) -> LeftAtrium:
    r"""Measure the left atrium in one apical view, usually at the end of ventricular systole, when it is largest.

    With the area :math:`A` and the length :math:`L` of this view alone,

    .. math:: V_{area-length} = \frac{8 A^2}{3 \pi L}, \qquad
        V_{disks} = \frac{\pi}{4} \sum_{i=1}^{n} D_i^2 \frac{L}{n}

    Both are single-plane estimates; the recommended volume is biplane. The appendage and the pulmonary veins count
    as far as the mask contains them.

    Args:
        atrium: binary mask, ``(H, W)``, or the pixels that :func:`~gdkvm_monai.metrics.cavity.find_cavity` chooses to
            be measured in it, if they are known.
        annulus: middle of the mitral annulus, the base of the left ventricle: array indices times spacing, ``(2,)``.
        spacing_mm: mm per pixel of axis 0 and axis 1.
        disks: number :math:`n` of disks.

    Returns:
        Length, area, and volumes.

    Raises:
        ValueError: if the mask is empty, or the atrium has no length.

    References:
        Lang et al., "Recommendations for cardiac chamber quantification", JASE 28(1), 2015, section on the left atrium.
    """
    cavity = atrium if isinstance(atrium, Cavity) else find_cavity(atrium, spacing_mm)
    if not cavity.parts:
        raise ValueError("the mask of the left atrium is empty; pass a frame that shows the atrium.")
    outline, annulus = trace_contour(cavity.mask, spacing_mm), np.asarray(annulus, float)
    roof = _roof(outline, annulus, max(spacing_mm))
    length = float(np.linalg.norm(roof - annulus))
    if not length:
        raise ValueError("the left atrium has no length; pass a larger mask, or an annulus outside its middle.")
    area_mm2 = float(cavity.pixels * np.prod(spacing_mm))
    return LeftAtrium(
        length_mm=length,
        area_cm2=area_mm2 / 100,
        area_length_ml=area_length_volume_ml(area_mm2, length),
        disks_ml=disk_volume_ml(diameters_across(outline, annulus, roof, disks), length),
    )


def _roof(outline: np.ndarray, annulus: np.ndarray, tolerance_mm: float) -> np.ndarray:
    """Return the end of the axis: as far as the farthest point, in the middle of all that are as far within a pixel."""
    offsets = outline - annulus
    distances = np.linalg.norm(offsets, axis=1)
    middle = offsets[distances >= distances.max() - tolerance_mm].mean(axis=0)
    return annulus + distances.max() * middle / np.linalg.norm(middle)
