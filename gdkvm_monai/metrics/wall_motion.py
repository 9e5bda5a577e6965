"""Motion of the left ventricle between end-diastole and end-systole, from the outlines of the cavity alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import find_objects, gaussian_filter
from skimage.measure import find_contours

from gdkvm_monai.metrics.long_axis import LongAxis

__all__ = ["fractional_area_change", "longitudinal_strain", "mitral_displacement", "wall_length"]

SMOOTHING_PX = 1.0
"""Standard deviation of the filter that takes the stairs of the pixels off an outline before it is measured."""


def fractional_area_change(ed_area: float, es_area: float) -> float:
    r"""Return the share of the end-diastolic area by which the cavity shrinks, in percent.

    .. math:: FAC = \frac{A_{ED} - A_{ES}}{A_{ED}} \times 100\%

    Args:
        ed_area: area of the cavity at end-diastole, in any unit.
        es_area: area at end-systole, in the same unit.

    Returns:
        Percent; below 0 if the cavity is larger at end-systole; NaN if an area is NaN or ``ed_area`` is 0.

    Example:
        >>> fractional_area_change(40, 24)
        40.0
    """
    return float(100 * (ed_area - es_area) / ed_area) if ed_area else np.nan


def mitral_displacement(ed_base: ArrayLike, ed_apex: ArrayLike, es_base: ArrayLike) -> float:
    r"""Return how far the middle of the mitral annulus moves toward the apex from end-diastole to end-systole.

    With the base :math:`b` and the apex :math:`a`, the motion is projected on the end-diastolic axis:

    .. math:: d = (b_{ES} - b_{ED}) \cdot \frac{a_{ED} - b_{ED}}{\lVert a_{ED} - b_{ED} \rVert}

    Positions are those in the image, so motion of the heart as a whole or of the probe is part of the result. It
    resembles the annular excursion of M-mode (MAPSE), but is taken in the middle of the annulus and from masks.

    Args:
        ed_base: base of the long axis at end-diastole, ``(2,)``.
        ed_apex: its apex, ``(2,)``.
        es_base: base at end-systole, found by the same rule, ``(2,)``.

    Returns:
        Displacement in the unit of the positions, positive toward the apex; NaN if the axis has no length.

    Example:
        >>> mitral_displacement([90, 40], [10, 40], [78, 43])
        12.0
    """
    base, axis = np.asarray(ed_base, float), np.subtract(ed_apex, ed_base)
    length = np.linalg.norm(axis)
    return float((es_base - base) @ axis / length) if length else np.nan


def wall_length(axis: LongAxis, spacing: Sequence[float]) -> float:
    """Return the length of the endocardial outline from one end of the base around the apex to the other end.

    The outline is that of the measured pixels at level 0.5 of the mask after a Gaussian filter of ``SMOOTHING_PX``,
    without which the stairs of the pixels would lengthen it by up to 8 %.

    Args:
        axis: long axis of the ventricle, with its pixels.
        spacing: distance between pixels along axis 0 and axis 1.

    Returns:
        Length in the unit of the spacing; NaN if the ends of the base are unknown, or there are too few pixels.
    """
    (box,) = find_objects(axis.cavity.mask.astype(np.uint8))
    margin = int(np.ceil(4 * SMOOTHING_PX)) + 1
    outlines = find_contours(gaussian_filter(np.pad(axis.cavity.mask[box], margin).astype(float), SMOOTHING_PX), 0.5)
    if not outlines or np.isnan(axis.ends).any():
        return np.nan
    points = (max(outlines, key=len)[:-1] - margin + [side.start for side in box]) * spacing
    start, stop, apex = (np.linalg.norm(points - place, axis=1).argmin() for place in (*axis.ends, axis.apex))
    around = np.roll(points, -start, axis=0)  # begins at one end of the base
    stop, apex = (stop - start) % len(points), (apex - start) % len(points)
    wall = around[: stop + 1] if apex <= stop else np.concatenate([around[stop:], around[:1]])
    return float(np.linalg.norm(np.diff(wall, axis=0), axis=1).sum())


def longitudinal_strain(ed_length: float, es_length: float) -> float:
    r"""Return the relative change of the length of the wall, in percent: Lagrangian strain of the whole outline.

    .. math:: \varepsilon = \frac{\ell_{ES} - \ell_{ED}}{\ell_{ED}} \times 100\%

    This is the strain of an outline in two frames. It tracks no speckle and knows no segment of the wall, and values of
    speckle tracking are not comparable with it.

    Args:
        ed_length: result of :func:`wall_length` at end-diastole.
        es_length: the same at end-systole.

    Returns:
        Percent, negative if the wall shortens; NaN if a length is NaN or ``ed_length`` is 0.

    References:
        Voigt et al., "Definitions for a common standard for 2D speckle tracking echocardiography", JASE 28(2), 2015.

    Example:
        >>> longitudinal_strain(200, 160)
        -20.0
    """
    return float(100 * (es_length - ed_length) / ed_length) if ed_length else np.nan
