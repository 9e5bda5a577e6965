"""Patient-level means and bootstrap intervals: several frames of one heart are not independent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

__all__ = [
    "FEWEST_PATIENTS",
    "FEW_PATIENTS",
    "RESAMPLES",
    "UNBOUNDED",
    "bootstrap_interval",
    "mean_over_patients",
    "patient_means",
]

RESAMPLES = 2000
"""Number of bootstrap resamples of patients."""

FEW_PATIENTS = 20
"""Number of patients below which an interval may hold less often than it says, see ``docs/metrics.md``."""

FEWEST_PATIENTS = 4
"""Number of patients below which there is no interval: too many resamples consist of a single patient."""

UNBOUNDED = (-np.inf, np.inf)
"""Range of a quantity that can take any value."""


def patient_means(values: Sequence[float], patients: Sequence[Hashable]) -> dict[Hashable, float]:
    """Average the values of each patient, ignoring NaN; a patient without a value is omitted.

    Args:
        values: one value per item.
        patients: patient of each item.

    Returns:
        Mean of each patient, in order of first appearance.

    Raises:
        ValueError: if the two sequences differ in length.
    """
    if len(values) != len(patients):
        raise ValueError(f"got {len(values)} values and {len(patients)} patients; pass one patient per value.")
    known: dict[Hashable, list[float]] = {}
    for value, patient in zip(values, patients):
        if not np.isnan(value):
            known.setdefault(patient, []).append(value)
    return {patient: float(np.mean(group)) for patient, group in known.items()}


def mean_over_patients(values: Sequence[float], patients: Sequence[Hashable]) -> float:
    """Return the mean of the patients' means, the quantity of every interval; NaN without a value.

    Example:
        >>> mean_over_patients([1.0, 1.0, 1.0, 3.0], ["a", "a", "a", "b"])
        2.0
    """
    means = patient_means(values, patients)
    return float(np.mean(list(means.values()))) if means else np.nan


def bootstrap_interval(
    values: Sequence[float],
    patients: Sequence[Hashable],
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
    bounds: tuple[float, float] = UNBOUNDED,
) -> tuple[float, float]:
    r"""Compute the studentized bootstrap interval of the mean over patients of each patient's own mean.

    With the mean :math:`m` of the :math:`n` patients' means, their standard deviation :math:`s`, and the quantiles
    :math:`q` of :math:`(m^* - m) / (s^* / \sqrt n)` over resamples of patients, the interval is
    :math:`[m - q_{0.975} s / \sqrt n, m - q_{0.025} s / \sqrt n]`. For skewed scores of 20 patients it holds more often
    than the percentile, BCa, and t intervals (``benchmarks/interval_coverage.py``).

    Args:
        values: one value per item; NaN is ignored.
        patients: patient of each item.
        resamples: number of resamples.
        seed: seed of ``numpy.random.default_rng``.
        confidence: confidence level, in ``(0, 1)``.
        bounds: smallest and largest possible value, at which the interval ends.

    Returns:
        Lower and upper end; both NaN for fewer than four patients, both equal to the mean if all patients are alike.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 12.

    Example:
        >>> low, high = bootstrap_interval([1.0, 1.0, 3.0, 2.0, 2.5, 1.5], ["a", "a", "b", "c", "d", "e"])
        >>> low < 2.0 < high
        True
    """
    by_patient = patient_means(values, patients)
    means = np.array([by_patient[patient] for patient in sorted(by_patient, key=str)])
    if len(means) < FEWEST_PATIENTS:
        return np.nan, np.nan
    mean, error = means.mean(), means.std(ddof=1)
    if error <= 1e-12 * np.abs(means).max():
        return float(mean), float(mean)
    sampled = np.random.default_rng(seed).choice(means, size=(resamples, len(means)))
    with np.errstate(divide="ignore", invalid="ignore"):  # a resample of one patient lies infinitely many errors away
        errors = (sampled.mean(axis=1) - mean) / sampled.std(axis=1, ddof=1)
    errors = np.nan_to_num(errors, nan=0.0, posinf=np.inf, neginf=-np.inf)  # one patient that equals the mean: 0 / 0
    quantiles = np.quantile(errors, [(1 + confidence) / 2, (1 - confidence) / 2], method="inverted_cdf")
    low, high = np.clip(mean - quantiles * error, *bounds)
    return float(low), float(high)
