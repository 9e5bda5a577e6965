"""Means of scores over groups of frames, with counts and confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.bootstrap import RESAMPLES, bootstrap_interval

__all__ = ["DISTANCES", "GroupSummary", "ScoreSummary", "check_one_unit", "score_names", "summarize"]

DISTANCES = ("hd", "hd95", "asd")


@dataclass(frozen=True)
class ScoreSummary:
    """Mean of one score over the items of a group; NaN if no item counts.

    Attributes:
        mean: mean over items.
        sd: standard deviation over items (ddof 1).
        low: lower end of the patient-level 95 % bootstrap interval of the mean.
        high: upper end of that interval.
    """

    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True)
class GroupSummary:
    """Scores of one group of items.

    Attributes:
        group: column values that the items have in common, for example ``{"structure": "LV"}``.
        unit: unit of the distances, ``"mm"`` or ``"px"``.
        n_total: number of items.
        n_valid: items that are not empty in both masks; only these count.
        n_one_empty: items that are missed or falsely predicted, with one empty mask.
        n_both_empty: items that are empty in both masks.
        n_patients: patients with a valid item.
        scores: summary of each score, by name.
    """

    group: Mapping[str, str]
    unit: str
    n_total: int
    n_valid: int
    n_one_empty: int
    n_both_empty: int
    n_patients: int
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
    """Average scores in groups, with counts and patient-level 95 % bootstrap intervals.

    Means include all items that are not empty in both masks; a structure that is missed or falsely predicted
    (``one_empty``) counts.

    Args:
        table: one row per item with ``patient``, ``status``, ``unit``, the scores, and the columns ``by``.
        by: columns to group by; an empty sequence puts all rows in one group.
        scores: names of the scores; by default all scores in the table.
        resamples: number of bootstrap resamples.
        seed: seed of the bootstrap.

    Returns:
        One summary per group, in order of first appearance.

    Raises:
        ValueError: if a column is missing, or a group mixes pixels and millimeters.
    """
    missing = [name for name in ("patient", "status", "unit", *by) if name not in table]
    if missing:
        raise ValueError(f"the table lacks the columns {missing}; add them to summarize its scores.")
    names = score_names(table) if scores is None else scores
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
    patients = valid["patient"].tolist()
    return GroupSummary(
        group=group,
        unit=check_one_unit(rows["unit"]),
        n_total=len(rows),
        n_valid=len(valid),
        n_one_empty=int((rows["status"] == "one_empty").sum()),
        n_both_empty=len(rows) - len(valid),
        n_patients=valid["patient"].nunique(),
        scores={name: _describe(valid[name].to_numpy(float), patients, resamples, seed) for name in names},
    )


def _describe(values: np.ndarray, patients: Sequence[str], resamples: int, seed: int) -> ScoreSummary:
    known = values[~np.isnan(values)]
    low, high = bootstrap_interval(values, patients, resamples, seed)
    return ScoreSummary(
        mean=float(np.mean(known)) if len(known) else np.nan,
        sd=float(np.std(known, ddof=1)) if len(known) > 1 else np.nan,
        low=low,
        high=high,
    )
