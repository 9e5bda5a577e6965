"""Diameters measured like the script published with CAMUS, to reproduce the volumes of that data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from skimage.measure import find_contours

from gdkvm_monai.metrics.contour import longest_flat_chord

MARGIN = 8
"""Pixels: largest deviation of the base from a line, and distance from the axis at which the walk outward begins."""

DISKS = 20


def measure_creatis_axis(
    ventricle: ArrayLike, spacing: Sequence[float], depth_axis: int = 0
) -> tuple[np.ndarray, float]:
    """Measure the diameters and the length of a ventricle by the rules of CREATIS's ``script_camus_ef``.

    The mask is resampled to square pixels of the finer spacing. The base is the longest chord of the contour within 45
    degrees of the horizontal that the contour follows within 8 pixels; its midpoint is the midpoint of that segment of
    the contour. Diameters are sampled at fractions 0, 1/20 ... 19/20 of the axis by walking outward in steps of half a
    pixel, starting 8 pixels from the axis. Like the script, it takes the first contour of the mask, which may be that
    of a stray part. Use this method only to reproduce the reference ``EF`` of CAMUS, which was computed with it.

    Args:
        ventricle: binary mask of the cavity, ``(H, W)``.
        spacing: mm per pixel of axis 0 and axis 1.
        depth_axis: axis along which depth runs: 0 in an upright picture, 1 in an array loaded from NIfTI.

    Returns:
        Diameters, starting at the base, ``(20,)``, and the length of the axis, both in mm.

    Raises:
        ValueError: if the mask is empty, fills the whole image, or has no such base.

    References:
        Leclerc et al., IEEE TMI 38(9), 2019; the script is linked from CREATIS's CAMUS page.
    """
    mask = np.asarray(ventricle, bool)
    if depth_axis == 1:
        mask, spacing = mask.T, spacing[::-1]
    mask, step = _make_isotropic(mask, spacing)
    if not mask.any():
        raise ValueError("the mask of the left ventricle is empty; pass a frame that shows the ventricle.")
    contours = find_contours(mask.astype(float), 0.5)
    if not contours:
        raise ValueError("the mask of the left ventricle fills the whole image, so it has no outline; check the mask.")
    contour = contours[0]
    stops, starts = np.tril_indices(len(contour), -1)
    chords = contour[starts] - contour[stops]
    level = np.abs(np.arctan2(chords[:, 0], chords[:, 1])) <= np.pi / 4
    base = longest_flat_chord(contour, starts[level], stops[level], MARGIN)
    if base is None:
        raise ValueError("the mask of the left ventricle has no base within 45 degrees of the horizontal.")
    middle = contour[int(base[0] + round((base[1] - base[0]) / 2))]
    apex = contour[np.linalg.norm(contour - middle, axis=1).argmax()]
    length = float(np.linalg.norm(apex - middle))
    return _walk_to_walls(mask, middle, apex) * step, length * step


def _make_isotropic(mask: np.ndarray, spacing: Sequence[float]) -> tuple[np.ndarray, float]:
    step = min(spacing)
    sizes = [round(size * value / step) for size, value in zip(mask.shape, spacing)]
    rows, columns = (((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(sizes, mask.shape))
    return mask[np.ix_(rows, columns)], step


def _walk_to_walls(mask: np.ndarray, middle: np.ndarray, apex: np.ndarray) -> np.ndarray:
    axis = apex - middle
    normal = np.array([-axis[1], axis[0]]) / np.linalg.norm(axis)
    starts = middle + np.arange(DISKS)[:, None] / DISKS * axis  # (20, 2)
    reach = np.arange(MARGIN, np.hypot(*mask.shape) + 1, 0.5)
    inside = np.pad(mask, 1)
    diameters = np.zeros(DISKS)
    for direction in (normal, -normal):
        path = np.round(starts[:, None] + reach[:, None] * direction).astype(int)  # (20, steps, 2)
        path = np.clip(path + 1, 0, np.array(mask.shape) + 1)  # outside the image counts as outside the mask
        diameters += reach[(~inside[path[..., 0], path[..., 1]]).argmax(axis=1)]
    return diameters
