"""Diameters as the script published with CAMUS measures them, to reproduce the volumes of that data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from skimage.measure import find_contours

from gdkvm_monai.metrics.contour import longest_flat_chord

MARGIN = 8
"""Pixels: what a base may deviate from a line, and where the walk from the axis to the wall begins."""

DISKS = 20


def measure_creatis_axis(
    ventricle: ArrayLike, spacing: Sequence[float], depth_axis: int = 0
) -> tuple[np.ndarray, float]:
    """Measure diameters and length of a ventricle by the rules of CREATIS's ``script_camus_ef``.

    The mask is resampled to square pixels of the finer spacing; the base is the longest chord of the contour within 45
    degrees of the horizontal that the contour follows within 8 pixels; its middle is the middle of that piece of the
    contour; diameters are sampled at fractions 0, 1/20 ... 19/20 of the axis, by walking outward from 8 pixels in steps
    of half a pixel. None of this is recommended: it is here because the reference ``EF`` of CAMUS was made with it.

    Args:
        ventricle: binary mask of the cavity, ``(H, W)``.
        spacing: mm per pixel of axis 0 and axis 1.
        depth_axis: axis along which depth runs: 0 in an upright picture, 1 in an array as NIfTI stores it.

    Returns:
        Diameters from the base, ``(20,)``, and the length of the axis, both in mm.

    Raises:
        ValueError: if the mask is empty or holds no such base.

    References:
        Leclerc et al., IEEE TMI 38(9), 2019; the script is linked from the CAMUS page of CREATIS.
    """
    mask = np.asarray(ventricle, bool)
    if depth_axis == 1:
        mask, spacing = mask.T, spacing[::-1]
    mask, step = _make_isotropic(mask, spacing)
    if not mask.any():
        raise ValueError("the mask of the left ventricle is empty; a ventricle is needed to measure its axis.")
    contour = find_contours(mask.astype(float), 0.5)[0]
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
