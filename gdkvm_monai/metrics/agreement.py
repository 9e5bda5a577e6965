"""How well a measurement agrees with its reference: bias, limits of agreement, errors, correlation, regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

LIMIT = 1.96
"""Standard deviations between the bias and a limit of agreement; the limits enclose 95 % of normal differences."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of ``n`` pairs; differences are prediction minus reference, in the unit of the measurement.

    Intervals are 95 % confidence intervals ``(low, high)``. A number that cannot be computed is NaN.

    Attributes:
        n: pairs of two finite numbers.
        n_excluded: pairs in which a number is missing.
        bias: mean difference, signed.
        bias_interval: confidence interval of the bias.
        sd: standard deviation of the differences (ddof 1).
        lower_limit: bias - 1.96 sd, the lower limit of agreement.
        lower_limit_interval: confidence interval of the lower limit.
        upper_limit: bias + 1.96 sd, the upper limit of agreement.
        upper_limit_interval: confidence interval of the upper limit.
        mae: mean absolute difference.
        rmse: root mean square difference.
        r: Pearson correlation.
        r_interval: confidence interval of ``r``, by Fisher's transformation.
        r2: 1 - SSE / SST of the reference, below 0 if the mean of the reference predicts better. Not ``r`` squared.
        ccc: Lin's concordance correlation coefficient, which a bias or a wrong scale lowers.
        slope: slope of the least-squares line prediction = intercept + slope * reference.
        intercept: intercept of that line.
        trend: slope of the difference regressed on the mean of the two values, a proportional bias.
        trend_p: p-value of the trend under the hypothesis of no trend.
    """

    n: int
    n_excluded: int
    bias: float
    bias_interval: tuple[float, float]
    sd: float
    lower_limit: float
    lower_limit_interval: tuple[float, float]
    upper_limit: float
    upper_limit_interval: tuple[float, float]
    mae: float
    rmse: float
    r: float
    r_interval: tuple[float, float]
    r2: float
    ccc: float
    slope: float
    intercept: float
    trend: float
    trend_p: float


def finite_pairs(prediction: ArrayLike, reference: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs in which both numbers are finite.

    Args:
        prediction: measured values, ``(N,)``.
        reference: reference values, ``(N,)``.

    Returns:
        Predictions and references, ``(n,)`` each.

    Raises:
        ValueError: if the two are not 1-D or differ in length.
    """
    prediction, reference = np.asarray(prediction, float), np.asarray(reference, float)
    if prediction.ndim != 1 or prediction.shape != reference.shape:
        raise ValueError(f"prediction {prediction.shape} and reference {reference.shape} must have one shape (N,).")
    finite = np.isfinite(prediction) & np.isfinite(reference)
    return prediction[finite], reference[finite]


def measure_agreement(prediction: ArrayLike, reference: ArrayLike) -> Agreement:
    r"""Measure how well predictions agree with their references, using Bland-Altman analysis.

    With the mean :math:`\bar d` and the standard deviation :math:`s` of the differences, and
    :math:`t = t_{0.975, n-1}`, the interval of the bias is :math:`\bar d \pm t s / \sqrt n` and that of a limit of
    agreement is :math:`(\bar d \pm 1.96 s) \pm t s \sqrt{1/n + 1.96^2 / (2 (n - 1))}`.

    Args:
        prediction: measured values, one per patient or view, ``(N,)``.
        reference: reference values, ``(N,)``.

    Returns:
        The agreement of the complete pairs.

    Raises:
        ValueError: if the two are not 1-D or differ in length.

    References:
        Bland and Altman, Lancet 327(8476), 1986, and Stat. Methods Med. Res. 8(2), 1999; Lin, Biometrics 45(1), 1989.

    Example:
        >>> agreement = measure_agreement([62.0, 48.0, 31.0], [60.0, 50.0, 30.0])
        >>> agreement.n, round(agreement.bias, 3), round(agreement.mae, 3)
        (3, 0.333, 1.667)
    """
    total = len(np.atleast_1d(prediction))
    prediction, reference = finite_pairs(prediction, reference)
    difference = prediction - reference
    n = len(difference)
    bias = _mean(difference)
    sd = float(difference.std(ddof=1)) if n > 1 else np.nan
    t = float(stats.t.ppf(0.975, n - 1)) if n > 1 else np.nan
    of_bias = float(t * sd / np.sqrt(n)) if n else np.nan
    of_limit = float(t * sd * np.sqrt(1 / n + LIMIT**2 / (2 * (n - 1)))) if n > 1 else np.nan
    lower, upper = bias - LIMIT * sd, bias + LIMIT * sd
    return Agreement(
        n=n,
        n_excluded=total - n,
        bias=bias,
        bias_interval=(bias - of_bias, bias + of_bias),
        sd=sd,
        lower_limit=lower,
        lower_limit_interval=(lower - of_limit, lower + of_limit),
        upper_limit=upper,
        upper_limit_interval=(upper - of_limit, upper + of_limit),
        mae=_mean(np.abs(difference)),
        rmse=float(np.sqrt(_mean(difference**2))),
        **_correlation(prediction, reference),
    )


def _correlation(prediction: np.ndarray, reference: np.ndarray) -> dict[str, float | tuple[float, float]]:
    n = len(prediction)
    difference = prediction - reference
    constant = n < 2 or np.ptp(reference) == 0
    names = ("r", "r2", "ccc", "slope", "intercept", "trend", "trend_p")
    result: dict[str, float | tuple[float, float]] = dict.fromkeys(names, np.nan)
    result["r_interval"] = (np.nan, np.nan)
    if constant:
        return result
    line = stats.linregress(reference, prediction)
    result |= {"slope": float(line.slope), "intercept": float(line.intercept)}
    result["r2"] = float(1 - (difference**2).sum() / ((reference - reference.mean()) ** 2).sum())
    shared = 2 * np.cov(prediction, reference, bias=True)[0, 1]
    result["ccc"] = float(shared / (prediction.var() + reference.var() + difference.mean() ** 2))
    if np.ptp(prediction) > 0:
        result["r"] = float(line.rvalue)
    if n > 3 and abs(result["r"]) < 1:
        reach = stats.norm.ppf(0.975) / np.sqrt(n - 3)
        result["r_interval"] = tuple(float(np.tanh(np.arctanh(line.rvalue) + side * reach)) for side in (-1, 1))
    mean = (prediction + reference) / 2
    if n > 2 and np.ptp(mean) > 0:
        trend = stats.linregress(mean, difference)
        result |= {"trend": float(trend.slope), "trend_p": float(trend.pvalue)}
    return result


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan
