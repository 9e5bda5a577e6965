"""Paired comparison of two runs, item by item, which is more precise than comparing two intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.bootstrap import RESAMPLES, bootstrap_interval, mean_over_patients, patient_means
from gdkvm_monai.evaluation.summary import DISTANCES, check_one_unit

__all__ = ["ITEM", "PairedDifference", "compare", "pair_items"]

ITEM = ("patient", "view", "clip", "frame", "structure")
"""Columns that identify a scored item in two runs."""


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Differences of one score between two runs, item by item: the run of interest minus the baseline.

    Attributes:
        score: name of the score.
        mean: mean over patients of each patient's mean difference; NaN if there are none.
        low: lower end of the 95 % bootstrap interval of the mean.
        high: upper end of that interval.
        n_pairs: items with a score in both runs.
        n_patients: patients with such an item.
        n_undefined: items in both runs with NaN in at least one.
        n_only_rows: items only in the run of interest.
        n_only_baseline: items only in the baseline.
        patients: mean difference of each patient.
    """

    score: str
    mean: float
    low: float
    high: float
    n_pairs: int
    n_patients: int
    n_undefined: int
    n_only_rows: int
    n_only_baseline: int
    patients: Mapping[str, float]


def pair_items(one: pd.DataFrame, other: pd.DataFrame, key: Sequence[str] = ITEM) -> pd.DataFrame:
    """Join the items of two runs, in the order of the first run.

    Args:
        one: scores of the first run.
        other: scores of the second run.
        key: columns that identify an item.

    Returns:
        One row per item in both runs: the columns ``key``, and all other columns twice, with ``_one`` and ``_other``.

    Raises:
        ValueError: if an item occurs twice in a run.
    """
    for table in (one, other):
        repeated = table[table.duplicated(list(key))]
        if len(repeated):
            item = repeated.iloc[0][list(key)].to_dict()
            raise ValueError(f"item {item} occurs twice in one run; remove the duplicate.")
    return one.merge(other, on=list(key), suffixes=("_one", "_other"))


def compare(
    table: pd.DataFrame,
    baseline: pd.DataFrame,
    score: str,
    key: Sequence[str] = ITEM,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedDifference:
    """Compare two runs item by item: paired differences ``table - baseline``, averaged over patients, with interval.

    Args:
        table: scores of the run of interest, one row per item, each with ``patient``.
        baseline: scores of the baseline.
        score: name of the score.
        key: columns that identify an item in both runs, including ``patient``.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Returns:
        The mean difference over patients, its interval, the differences by patient, and the counts.

    Raises:
        ValueError: if an item occurs twice in a run, or the runs measure a distance in different units.
    """
    pairs = pair_items(table, baseline, key)
    if len(pairs) and (score in DISTANCES or score.startswith("nsd@")):
        check_one_unit(pd.concat([pairs["unit_one"], pairs["unit_other"]]))
    differences = (pairs[f"{score}_one"] - pairs[f"{score}_other"]).to_numpy(float)
    patients = pairs["patient"].tolist()
    n_pairs = int((~np.isnan(differences)).sum())
    low, high = bootstrap_interval(differences, patients, resamples, seed)
    by_patient = patient_means(differences, patients)
    return PairedDifference(
        score=score,
        mean=mean_over_patients(differences, patients),
        low=low,
        high=high,
        n_pairs=n_pairs,
        n_patients=len(by_patient),
        n_undefined=len(pairs) - n_pairs,
        n_only_rows=len(table) - len(pairs),
        n_only_baseline=len(baseline) - len(pairs),
        patients=by_patient,
    )
