"""Curves over the frames of a clip, smoothed."""

from __future__ import annotations

import numpy as np

__all__ = ["smooth_curve"]


def smooth_curve(curve: np.ndarray, time: np.ndarray, window: float) -> np.ndarray:
    """Smooth a curve by a least-squares parabola around every frame, with tricube weights.

    Args:
        curve: values ``(T,)``, NaN where missing.
        time: time of each value, increasing, ``(T,)``.
        window: width of the window in the unit of ``time``; at least five measured frames are always used, if there
            are as many.

    Returns:
        The value of each frame's parabola there, ``(T,)``; the curve itself if it has fewer than five values.
    """
    known = np.isfinite(curve)
    if known.sum() < 5:
        return np.interp(time, time[known], curve[known])
    smoothed = np.empty(len(curve))
    for frame, center in enumerate(time):
        distance = np.abs(time[known] - center)
        reach = max(window / 2, 1.01 * np.sort(distance)[4])
        weights = np.clip(1 - (distance / reach) ** 3, 0, None) ** 1.5  # squared by the fit: tricube
        smoothed[frame] = np.polynomial.polynomial.polyfit(time[known] - center, curve[known], 2, w=weights)[0]
    return smoothed
