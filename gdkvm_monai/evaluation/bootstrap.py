"""Patient-level means and bootstrap intervals: several frames of one heart are not independent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

__all__ = ["RESAMPLES", "bootstrap_interval", "patient_means"]

RESAMPLES = 2000
"""Number of bootstrap resamples of patients."""


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
    table = pd.DataFrame({"value": np.asarray(values, float), "patient": pd.Series(list(patients), dtype=object)})
    groups = table.dropna(subset="value").groupby("patient", sort=False, dropna=False)["value"]
    return {patient: float(np.mean(group)) for patient, group in groups}


def bootstrap_interval(
    values: Sequence[float],
    patients: Sequence[Hashable],
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Compute the percentile bootstrap interval of the mean of the patients' means, resampling patients.

    Args:
        values: one value per item; NaN is ignored.
        patients: patient of each item.
        resamples: number of resamples.
        seed: seed of ``numpy.random.default_rng``.
        confidence: confidence level, in ``(0, 1)``.

    Returns:
        Lower and upper end; both NaN for fewer than two patients.

    Example:
        >>> bootstrap_interval([1.0, 1.0, 3.0], ["a", "a", "b"])
        (1.0, 3.0)
    """
    by_patient = patient_means(values, patients)
    means = np.array([by_patient[patient] for patient in sorted(by_patient, key=str)])
    if len(means) < 2:
        return np.nan, np.nan
    sampled = np.random.default_rng(seed).choice(means, size=(resamples, len(means))).mean(axis=1)
    low, high = np.quantile(sampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
