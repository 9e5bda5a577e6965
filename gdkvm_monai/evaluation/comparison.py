"""Two folders of results side by side, patient by patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.bootstrap import patient_means
from gdkvm_monai.evaluation.ef_comparison import ErrorComparison, compare_ejection_fractions
from gdkvm_monai.evaluation.paired import ITEM, PairedDifference, compare, pair_items
from gdkvm_monai.evaluation.result_tables import GRID, read_frame_table, read_scored_grid
from gdkvm_monai.evaluation.summary import DISTANCES, score_names

__all__ = ["Comparison", "compare_results"]


@dataclass(frozen=True, kw_only=True)
class ScoreComparison(PairedDifference):
    """Differences of one score of one structure, and its means over the pairs.

    Attributes:
        structure: name of the structure.
        mean_a: mean in A over the pairs.
        mean_b: mean in B.
        patients_a: mean of each patient in A.
        patients_b: mean of each patient in B.
    """

    structure: str
    mean_a: float
    mean_b: float
    patients_a: Mapping[str, float]
    patients_b: Mapping[str, float]


@dataclass(frozen=True)
class Failures:
    """Items of one structure that are empty on one side, and items without a partner.

    Attributes:
        structure: name of the structure.
        one_empty_a: items empty on one side in A.
        one_empty_b: the same in B.
        new: of the items of both, those that are so in B alone.
        resolved: those that are so in A alone.
        only_a: items of A alone.
        only_b: items of B alone.
    """

    structure: str
    one_empty_a: int
    one_empty_b: int
    new: int
    resolved: int
    only_a: int
    only_b: int


@dataclass(frozen=True)
class PatientChange:
    """Change of one structure of one patient; ``worsening`` is positive where B is worse."""

    patient: str
    structure: str
    a: float
    b: float
    difference: float
    worsening: float


@dataclass(frozen=True)
class Judgment:
    """Score by which a patient is judged, and the change beyond which it counts as worse or better."""

    score: str
    threshold: float


@dataclass(frozen=True)
class Comparison:
    """Two evaluations of the same data; every difference is B - A.

    Attributes:
        a: folder of A.
        b: folder of B.
        difference: ``"b - a"``.
        unit: of the distances.
        scores: one entry per structure and score.
        failures: one entry per structure.
        judged_by: what makes a patient worse or better.
        worse: patients and structures beyond the threshold, the largest change first.
        better: the same for those that improved.
        ejection_fraction: one entry per method and quantity.
    """

    a: str
    b: str
    difference: str
    unit: str
    scores: Sequence[ScoreComparison]
    failures: Sequence[Failures]
    judged_by: Judgment
    worse: Sequence[PatientChange]
    better: Sequence[PatientChange]
    ejection_fraction: Sequence[ErrorComparison]


def compare_results(
    folder_a: Path, folder_b: Path, score: str = "dice", threshold: float = 0.0, resamples: int = 2000, seed: int = 0
) -> Comparison:
    """Compare the results of two evaluations of the same data; every difference is B - A.

    Args:
        folder_a: folder written by ``run evaluating``, the earlier or the simpler one.
        folder_b: the other one.
        score: score by which a patient is judged to have got better or worse.
        threshold: change of that score, in its unit, beyond which a patient counts as better or worse.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Returns:
        Differences of every score, failures, who got worse or better, and errors of the ejection fraction.

    Raises:
        FileNotFoundError: if a folder or its ``per_frame.csv`` is missing.
        ValueError: if units or scored grids differ, no item is shared, or a table or score is unusable.
    """
    folder_a, folder_b = Path(folder_a), Path(folder_b)
    table_a, table_b = read_frame_table(folder_a), read_frame_table(folder_b)
    _check_comparable(table_a, table_b, folder_a, folder_b)
    names = [name for name in score_names(table_a) if not name.startswith("legacy_row_")]
    if score not in names:
        raise ValueError(f"score {score!r} is not in {folder_a}/per_frame.csv; choose one of {', '.join(names)}.")
    structures = pd.concat([table_a["structure"], table_b["structure"]]).unique()
    parts = {s: [table[table["structure"] == s] for table in (table_a, table_b)] for s in structures}
    scores = [_compare(structure, name, *pair, resamples, seed) for structure, pair in parts.items() for name in names]
    changes = _changes(scores, score)
    return Comparison(
        a=str(folder_a),
        b=str(folder_b),
        difference="b - a",
        unit=table_a["unit"].iloc[0],
        scores=scores,
        failures=[_failures(structure, *pair) for structure, pair in parts.items()],
        judged_by=Judgment(score, threshold),
        worse=sorted((c for c in changes if c.worsening > threshold), key=lambda c: -c.worsening),
        better=sorted((c for c in changes if -c.worsening > threshold), key=lambda c: c.worsening),
        ejection_fraction=compare_ejection_fractions(folder_a, folder_b, resamples, seed),
    )


def _check_comparable(table_a: pd.DataFrame, table_b: pd.DataFrame, folder_a: Path, folder_b: Path) -> None:
    units = [sorted(table["unit"].unique()) for table in (table_a, table_b)]
    if units[0] != units[1] or len(units[0]) != 1:
        raise ValueError(
            f"distances are in {units[0]} in {folder_a} and in {units[1]} in {folder_b}; score both alike."
        )
    grids = [read_scored_grid(folder) for folder in (folder_a, folder_b)]
    if None not in grids and grids[0] != grids[1]:
        raise ValueError(f"{folder_a} was scored on the {grids[0]} grid and {folder_b} on the {grids[1]} grid.")
    shared = pair_items(table_a, table_b)
    if not len(shared):
        raise ValueError(f"{folder_a} and {folder_b} share no patient, view, frame and structure; compare like runs.")
    spacings = [shared[[f"{name}_{side}" for name in GRID]].to_numpy() for side in ("one", "other")]
    same = np.isclose(*spacings, rtol=1e-4).all(axis=1)
    if not same.all():
        first = int(np.argmin(same))
        item, one, other = shared.iloc[first], *(spacing[first].tolist() for spacing in spacings)
        raise ValueError(
            f"{item['patient']} {item['view']} was scored on different grids: {one} mm per pixel in {folder_a}, "
            f"{other} in {folder_b}."
        )


def _compare(
    structure: str, score: str, table_a: pd.DataFrame, table_b: pd.DataFrame, resamples: int, seed: int
) -> ScoreComparison:
    """Paired differences of one score, and its means in both over the pairs."""
    difference = compare(table_b, table_a, score, ITEM, resamples, seed)
    pairs = pair_items(table_a, table_b).dropna(subset=[f"{score}_one", f"{score}_other"])
    patients = pairs["patient"].tolist()
    values_a, values_b = (pairs[f"{score}_{side}"] for side in ("one", "other"))
    return ScoreComparison(
        **vars(difference),
        structure=structure,
        mean_a=float(values_a.mean()),
        mean_b=float(values_b.mean()),
        patients_a=patient_means(values_a, patients),
        patients_b=patient_means(values_b, patients),
    )


def _changes(scores: Sequence[ScoreComparison], score: str) -> list[PatientChange]:
    sign = 1 if score in DISTANCES else -1
    return [
        PatientChange(
            patient, row.structure, row.patients_a[patient], row.patients_b[patient], difference, sign * difference
        )
        for row in scores
        if row.score == score
        for patient, difference in row.patients.items()
    ]


def _failures(structure: str, table_a: pd.DataFrame, table_b: pd.DataFrame) -> Failures:
    pairs = pair_items(table_a, table_b)
    empty_a, empty_b = (pairs[f"status_{side}"] == "one_empty" for side in ("one", "other"))
    return Failures(
        structure=structure,
        one_empty_a=int((table_a["status"] == "one_empty").sum()),
        one_empty_b=int((table_b["status"] == "one_empty").sum()),
        new=int((empty_b & ~empty_a).sum()),
        resolved=int((empty_a & ~empty_b).sum()),
        only_a=len(table_a) - len(pairs),
        only_b=len(table_b) - len(pairs),
    )
