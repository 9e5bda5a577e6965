"""Means of scores over groups of frames, with counts and confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.bootstrap import (
    FEW_PATIENTS,
    RESAMPLES,
    bootstrap_interval,
    mean_over_patients,
    patient_means,
)
from gdkvm_monai.evaluation.missed import Estimate, MissedShare, add_missed, measure_missed

__all__ = ["DISTANCES", "GroupSummary", "ScoreSummary", "check_one_unit", "score_names", "summarize"]

DISTANCES = ("hd", "hd95", "asd")


@dataclass(frozen=True)
class ScoreSummary(Estimate):
    """Mean of one score over patients, with missed items at their worst value: 0, or the diagonal for a distance.

    The interval allows for misses that the sample happens not to contain, so it is wide even if nothing was missed.

    Attributes:
        found: the same over the items with two masks. The interval is that of the accuracy where a structure is found,
            and holds only together with the group's share of missed items.
    """

    found: Estimate


@dataclass(frozen=True)
class GroupSummary:
    """Scores of one group of items; every mean is over patients, of each patient's own mean.

    Attributes:
        group: column values that the items have in common, for example ``{"structure": "LV"}``.
        unit: unit of the distances, ``"mm"`` or ``"px"``.
        n_total: number of items.
        n_valid: items that are not empty in both masks; only these count.
        n_one_empty: items that are missed or falsely predicted, with one empty mask.
        n_both_empty: items that are empty in both masks.
        n_patients: patients with a valid item.
        few_patients: whether there are fewer patients than an interval needs to hold as often as it says.
        missed: share of missed or falsely predicted items.
        scores: summary of each score, by name.
    """

    group: Mapping[str, str]
    unit: str
    n_total: int
    n_valid: int
    n_one_empty: int
    n_both_empty: int
    n_patients: int
    few_patients: bool
    missed: MissedShare
    scores: Mapping[str, ScoreSummary]

    def entry(self) -> dict[str, object]:
        """Return the entry for ``metrics.json``, with the group's columns next to the values."""
        return {**self.group, **{name: value for name, value in vars(self).items() if name != "group"}}


def summarize(
    table: pd.DataFrame,
    by: Sequence[str] = ("structure",),
    scores: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[GroupSummary]:
    """Average scores in groups, with counts and 95 % intervals; every mean is over patients, of each one's own mean.

    Means include all items that are not empty in both masks; a structure that is missed or falsely predicted
    (``one_empty``) counts.

    Args:
        table: one row per item with ``patient``, ``status``, ``unit``, the scores, the columns ``by``, and, for
            distances, ``diagonal``, that of the field of view.
        by: columns to group by; an empty sequence puts all rows in one group.
        scores: names of the scores; by default all scores in the table.
        resamples: number of bootstrap resamples.
        seed: seed of the bootstrap.

    Returns:
        One summary per group, in order of first appearance.

    Raises:
        ValueError: if a column is missing, or a group mixes pixels and millimeters.
    """
    names = score_names(table) if scores is None else scores
    needed = ["patient", "status", "unit", *by] + ["diagonal"] * any(name in DISTANCES for name in names)
    missing = [name for name in needed if name not in table]
    if missing:
        raise ValueError(f"the table lacks the columns {missing}; add them to summarize its scores.")
    groups = table.groupby(list(by), sort=False, dropna=False) if by else [((), table)]
    return [_summarize(dict(zip(by, key)), rows, names, resamples, seed) for key, rows in groups]


def score_names(table: pd.DataFrame) -> list[str]:
    """Return the names of the score columns."""
    return [name for name in table if name in ("dice", "iou", *DISTANCES) or name.startswith(("nsd@", "legacy_row_"))]


def check_one_unit(units: pd.Series) -> str:
    """Return the unit shared by all distances.

    Raises:
        ValueError: if there is more than one.
    """
    found = sorted(units.unique())
    if len(found) != 1:
        raise ValueError(f"distances in {found} cannot be averaged together; score every clip in one unit.")
    return found[0]


def _summarize(
    group: Mapping[str, str], rows: pd.DataFrame, names: Sequence[str], resamples: int, seed: int
) -> GroupSummary:
    valid = rows[rows["status"] != "both_empty"]
    missed = measure_missed(valid["status"] == "one_empty", valid["patient"].tolist())
    n_patients = valid["patient"].nunique()
    return GroupSummary(
        group=group,
        unit=check_one_unit(rows["unit"]),
        n_total=len(rows),
        n_valid=len(valid),
        n_one_empty=int((rows["status"] == "one_empty").sum()),
        n_both_empty=len(rows) - len(valid),
        n_patients=n_patients,
        few_patients=n_patients < FEW_PATIENTS,
        missed=missed,
        scores={name: _describe(valid, name, missed, resamples, seed) for name in names},
    )


def _describe(valid: pd.DataFrame, name: str, missed: MissedShare, resamples: int, seed: int) -> ScoreSummary:
    bounds = (0.0, np.inf) if name in DISTANCES else (0.0, 1.0)
    rows = valid[valid["status"] == "ok"]
    interval = bootstrap_interval(rows[name], rows["patient"].tolist(), resamples, seed, bounds=bounds)
    found = Estimate(*_mean_and_sd(rows, name), *interval)
    mean, sd = _mean_and_sd(valid, name)
    worst = float(valid["diagonal"].mean()) if name in DISTANCES else 0.0
    low, high = np.clip(add_missed(mean, found, missed, worst), *bounds)
    return ScoreSummary(mean, sd, float(low), float(high), found)


def _mean_and_sd(rows: pd.DataFrame, name: str) -> tuple[float, float]:
    patients = rows["patient"].tolist()
    means = list(patient_means(rows[name], patients).values())
    return mean_over_patients(rows[name], patients), float(np.std(means, ddof=1)) if len(means) > 1 else np.nan
