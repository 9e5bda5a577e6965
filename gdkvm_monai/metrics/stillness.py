"""Whether a curve of the ventricle's area moves more than noise explains, also noise that is correlated over time."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from gdkvm_monai.metrics.smoothing import FEWEST_FRAMES, smoothing_criterion

__all__ = ["why_still"]

SMALLEST_CHANGE = 0.05
"""Range of the curve below which no beat is detected, as a share of its maximum."""

CLEAR_CHANGE = 0.25
"""Range of the curve above which it moves whatever its noise is, as a share of its maximum."""

STEADY_RATIO = 1.15
"""Mean squared change between neighboring frames over the variance above which a curve is noise; 2 for white noise."""

SURROGATES = 39
"""Number of random curves of noise that a real curve must surpass."""

NARROWEST_S, NARROWEST_FRAMES = 0.3, 12
"""Narrowest window of the smoothing in the comparison with noise: in seconds, and in frames if the rate is unknown."""


def why_still(measured: np.ndarray, smoothed: np.ndarray, time: np.ndarray, seconds: bool, widest: float) -> str:
    """Tell why a curve shows no contraction.

    A change between ``SMALLEST_CHANGE`` and ``CLEAR_CHANGE`` counts only if noise does not explain it. Noise whose
    values are correlated as in a first-order autoregressive process drifts as if it were motion; a curve is compared
    with random curves of such noise, with its own correlation. The test statistic is how much better a smooth curve
    with independent noise explains the values than the autoregressive process does (difference of the corrected Akaike
    criteria). Frames that repeat the one before are left out, because they add no information.

    Args:
        measured: measured values, ``(T,)``, without NaN.
        smoothed: smoothed values, ``(T,)``.
        time: time of each value, increasing, ``(T,)``.
        seconds: whether the times are in seconds, not in frames.
        widest: largest width of the smoothing window in the unit of ``time``.

    Returns:
        The reason; empty if the curve moves.
    """
    change = np.ptp(smoothed) / smoothed.max() if smoothed.max() > 0 else 0.0
    if change < SMALLEST_CHANGE:
        return f"there is no measurable contraction: the curve changes by less than {SMALLEST_CHANGE:.0%}."
    new = np.append(True, np.diff(measured) != 0)
    values, time = measured[new], time[new]
    if len(values) < FEWEST_FRAMES:
        return ""
    steady = np.mean(np.diff(values) ** 2) > STEADY_RATIO * np.var(values)
    narrowest = NARROWEST_S if seconds else NARROWEST_FRAMES
    if steady or (change < CLEAR_CHANGE and _is_noise(values, time, narrowest, widest)):
        return "there is no measurable contraction: the curve changes no more than its noise explains."
    return ""


def _is_noise(values: np.ndarray, time: np.ndarray, narrowest: float, widest: float) -> bool:
    correlation, _ = _autoregression(values)
    white = np.random.default_rng(0).standard_normal((SURROGATES, len(values)))
    white[:, 0] /= np.sqrt(max(1 - correlation**2, 1e-4))  # the process starts with its own variance
    curves = np.vstack([values - values.mean(), lfilter([1], [1, -correlation], white)])
    _, prediction = _autoregression(curves)
    gain = prediction - smoothing_criterion(curves, time, narrowest, widest)
    return bool(gain[0] <= gain[1:].max())


def _autoregression(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the correlation of neighboring values, and the criterion of the autoregressive process."""
    centered = curves - curves.mean(axis=-1, keepdims=True)
    before, after = centered[..., :-1], centered[..., 1:]
    correlation = np.clip((before * after).sum(axis=-1) / (before**2).sum(axis=-1), 0, 0.999)
    errors = ((after - correlation[..., None] * before) ** 2).mean(axis=-1)
    return correlation, np.log(errors) + 6 / (curves.shape[-1] - 4)
