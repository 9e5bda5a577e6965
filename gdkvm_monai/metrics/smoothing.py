"""Smoothing of curves over the frames of a clip, with the standard error of each value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SmoothedCurve", "smooth_curve", "smoothing_criterion"]

WIDTHS = (5, 7, 9, 12, 17, 24, 34, 48, 68)
"""Widths of the window that are tried, in frames."""

FEWEST_FRAMES = 9
"""Number of measured frames below which a curve cannot be smoothed and its noise is unknown."""


@dataclass(frozen=True)
class SmoothedCurve:
    """A smoothed curve.

    Attributes:
        values: smoothed values, ``(T,)``, in the unit of the curve.
        error: standard error of each value caused by the noise, ``(T,)``; NaN if the noise is unknown.
        noise: standard deviation of the measured values around the smoothed ones; NaN if unknown.
    """

    values: np.ndarray
    error: np.ndarray
    noise: float


def smooth_curve(curve: np.ndarray, time: np.ndarray, widest: float) -> SmoothedCurve:
    r"""Smooth a curve with a least-squares parabola around each measured frame, using tricube weights.

    One width serves the whole curve: the one with the smallest corrected Akaike criterion,

    .. math:: \log\frac{\mathrm{RSS}}{n} + \frac{2 (\mathrm{tr} L + 1)}{n - \mathrm{tr} L - 2},

    where :math:`L` maps the measured values to the smoothed ones. A curve without noise is hence hardly changed.
    The variance of the noise is :math:`\mathrm{RSS} / (n - 2\,\mathrm{tr} L + \mathrm{tr} L L^T)`.

    Args:
        curve: values ``(T,)``; NaN if missing. At least one must be known.
        time: time of each value, increasing, ``(T,)``.
        widest: largest width of the window in the unit of ``time``; a window always contains at least five values.

    Returns:
        The smoothed curve, with linear interpolation at missing values; if fewer than nine values were measured, the
        curve itself.

    References:
        Hurvich, Simonoff, and Tsai, "Smoothing parameter selection in nonparametric regression using an improved
        Akaike information criterion", J. R. Stat. Soc. B 60, 1998.
    """
    known = np.isfinite(curve)
    times, values = time[known], curve[known]
    if len(values) < FEWEST_FRAMES:
        return SmoothedCurve(np.interp(time, times, values), np.full(len(time), np.nan), np.nan)
    frame = float(np.median(np.diff(times)))
    fits = [_fit(values, times, width * frame) for width in WIDTHS if width == WIDTHS[0] or width * frame <= widest]
    _, smoothed, error, noise = min(fits, key=lambda fit: fit[0])
    return SmoothedCurve(np.interp(time, times, smoothed), np.interp(time, times, error), float(noise))


def smoothing_criterion(curves: np.ndarray, time: np.ndarray, narrowest: float, widest: float) -> np.ndarray:
    """Compute the smallest criterion of :func:`smooth_curve` over the windows between two widths, for many curves.

    Args:
        curves: values ``(N, T)``, all finite, at least nine each.
        time: time of each value, increasing, ``(T,)``.
        narrowest: smallest width of the window in the unit of ``time``.
        widest: largest width.

    Returns:
        Criterion of each curve, ``(N,)``.
    """
    frame = float(np.median(np.diff(time)))
    windows = [width * frame for width in WIDTHS if narrowest <= width * frame <= widest] or [WIDTHS[0] * frame]
    return np.min([_fit(curves, time, window)[0] for window in windows], axis=0)


def _fit(values: np.ndarray, times: np.ndarray, window: float) -> tuple[np.ndarray, ...]:
    """Return the criterion, smoothed values, standard errors, and noise of values ``(..., T)`` for one window."""
    n = len(times)
    neighbors, weights = _weights(times, window)
    smoothed = (weights * values[..., neighbors]).sum(axis=-1)
    traces, squares = weights[:, weights.shape[1] // 2].sum(), (weights**2).sum(axis=1)
    rss = ((values - smoothed) ** 2).sum(axis=-1)
    free = n - traces - 2
    tiny = np.finfo(float).eps * (values**2).sum(axis=-1) + np.finfo(float).tiny
    criterion = np.log((rss + tiny) / n) + 2 * (traces + 1) / free if free > 0 else np.full(rss.shape, np.inf)
    noise = np.sqrt(rss / max(n - 2 * traces + squares.sum(), 1))
    return criterion, smoothed, noise[..., None] * np.sqrt(squares), noise


def _weights(times: np.ndarray, window: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the neighbors of each value and the weights that give the parabola's value there, ``(n, 2 h + 1)``."""
    n = len(times)
    inside = np.searchsorted(times, times + window / 2) - np.searchsorted(times, times - window / 2)
    half = min(max(4, int(inside.max())), n - 1)
    index = np.arange(n)[:, None] + np.arange(-half, half + 1)
    neighbors = np.clip(index, 0, n - 1)
    offset = times[neighbors] - times[:, None]
    distance = np.where(neighbors == index, np.abs(offset), np.inf)
    fifth = np.partition(distance[:, half - 4 : half + 5], 4, axis=1)[:, 4]
    reach = np.maximum(window / 2, 1.01 * fifth)[:, None]
    tricube = (1 - np.minimum(distance / reach, 1) ** 3) ** 3
    x = offset / reach
    m0, m1, m2, m3, m4 = ((tricube * x**power).sum(axis=1)[:, None] for power in range(5))
    c0, c1, c2 = m2 * m4 - m3**2, m2 * m3 - m1 * m4, m1 * m3 - m2**2  # the first row of the inverse moment matrix
    return neighbors, tricube * (c0 + c1 * x + c2 * x**2) / (m0 * c0 + m1 * c1 + m2 * c2)
