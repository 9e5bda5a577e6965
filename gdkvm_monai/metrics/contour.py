"""Contours of binary masks: tracing, resampling, and flat segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import find_objects
from skimage.measure import find_contours

__all__ = ["diameters_across", "longest_flat_chord", "resample_contour", "trace_contour"]


def trace_contour(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Trace the longest contour of a mask at level 0.5.

    Args:
        mask: binary mask ``(H, W)``, not empty.
        spacing: distance between pixels along axis 0 and axis 1.

    Returns:
        Points ``(n, 2)``, array indices times spacing; the first point is not repeated at the end.
    """
    (box,) = find_objects(np.asarray(mask, bool).astype(np.uint8))  # tracing in the whole image takes longer
    contours = find_contours(np.pad(mask[box], 1).astype(float), 0.5, fully_connected="high")
    return (max(contours, key=len)[:-1] + [side.start - 1 for side in box]) * spacing  # open, in array order


def resample_contour(contour: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` points ``(count, 2)``, evenly spaced in arc length along a closed contour ``(n, 2)``."""
    closed = np.concatenate([contour, contour[:1]])
    arc = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    steps = np.linspace(0, arc[-1], count, endpoint=False)
    return np.stack([np.interp(steps, arc, closed[:, axis]) for axis in (0, 1)], axis=1)


def longest_flat_chord(
    points: np.ndarray, starts: np.ndarray, stops: np.ndarray, tolerance: float
) -> tuple[int, int] | None:
    """Find the longest chord that a curve follows closely between the ends of the chord.

    Args:
        points: points of the curve, ``(n, 2)``.
        starts: index of one end of each candidate chord, ``(m,)``.
        stops: index of the other end, greater than the first, ``(m,)``.
        tolerance: largest distance of the curve from the line through the chord.

    Returns:
        Indices of the ends of the chord, or ``None`` if the curve follows no candidate closely enough.
    """

    x, y = np.ascontiguousarray(points.T)  # pairs of numbers as the last axis would take twice as long

    def follows(index: np.ndarray | slice, start: np.ndarray | int, stop: np.ndarray | int) -> np.ndarray:
        chord_x, chord_y = x[stop] - x[start], y[stop] - y[start]
        cross = chord_x * (y[index] - y[start]) - chord_y * (x[index] - x[start])
        return np.abs(cross) <= tolerance * np.sqrt(chord_x * chord_x + chord_y * chord_y)

    for share in (0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875):  # necessary conditions, cheap for all at once
        flat = follows((starts + share * (stops - starts)).astype(int), starts, stops)
        starts, stops = starts[flat], stops[flat]
    for candidate in np.argsort(-np.linalg.norm(points[stops] - points[starts], axis=1), kind="stable"):
        start, stop = int(starts[candidate]), int(stops[candidate])
        if follows(slice(start, stop), start, stop).all():
            return start, stop
    return None


def diameters_across(contour: np.ndarray, base: np.ndarray, apex: np.ndarray, disks: int) -> np.ndarray:
    """Measure the inside of a closed contour at right angles to an axis.

    Args:
        contour: points, ``(n, 2)``.
        base: start of the axis, ``(2,)``.
        apex: end of the axis, ``(2,)``.
        disks: number of diameters.

    Returns:
        Diameters at fractions ``(i - 1/2) / disks`` of the axis, ``(disks,)``; NaN if the axis has no length.
    """
    length = np.linalg.norm(apex - base)
    if length == 0:
        return np.full(disks, np.nan)
    direction = (apex - base) / length
    along, across = (contour - base) @ direction, (contour - base) @ [-direction[1], direction[0]]
    next_along, next_across = np.roll(along, -1), np.roll(across, -1)
    diameters = []
    for level in (np.arange(disks) + 0.5) * length / disks:
        crosses = (along <= level) != (next_along <= level)  # an even number for a closed contour
        share = (level - along[crosses]) / (next_along[crosses] - along[crosses])
        hits = np.sort(across[crosses] + share * (next_across[crosses] - across[crosses]))
        diameters.append((hits[1::2] - hits[::2]).sum())
    return np.array(diameters)
