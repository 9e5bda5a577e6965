"""Means with intervals that respect patients: several frames of one heart are not independent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

__all__ = ["RESAMPLES", "bootstrap_interval", "patient_means"]

RESAMPLES = 2000
"""Bootstrap resamples of the patients."""


def patient_means(values: Sequence[float], patients: Sequence[Hashable]) -> dict[Hashable, float]:
    """Average the values of each patient; NaN does not count, and a patient without any value is left out.

    Args:
        values: one value per item.
        patients: patient of each item.

    Returns:
        Mean of each patient, in the order of first appearance.

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
    """Percentile bootstrap interval of a mean, resampling patients; each patient contributes its own mean.

    Args:
        values: one value per item; NaN does not count.
        patients: patient of each item.
        resamples: number of resamples.
        seed: seed of ``numpy.random.default_rng``.
        confidence: mass of the interval, in ``(0, 1)``.

    Returns:
        Lower and upper end; NaN twice with fewer than two patients, of whom no spread can be known.

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
