"""Smoothing of curves over the frames of a clip."""

from __future__ import annotations

import numpy as np

__all__ = ["smooth_curve"]


def smooth_curve(curve: np.ndarray, time: np.ndarray, window: float) -> np.ndarray:
    """Smooth a curve with a least-squares parabola around each frame, using tricube weights.

    Args:
        curve: values ``(T,)``; NaN if missing.
        time: time of each value, increasing, ``(T,)``.
        window: width of the window in the unit of ``time``; widened if it contains fewer than five measured values.

    Returns:
        The value of each frame's parabola at that frame, ``(T,)``; if fewer than five values were measured, the curve
        itself with linear interpolation between them.
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
