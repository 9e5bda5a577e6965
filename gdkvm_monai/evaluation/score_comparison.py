"""The scores of two evaluations, structure by structure and patient by patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from gdkvm_monai.evaluation.bootstrap import RESAMPLES, patient_means
from gdkvm_monai.evaluation.paired import ITEM, PairedDifference, compare, pair_items
from gdkvm_monai.evaluation.summary import DISTANCES

__all__ = ["Failures", "PatientChange", "ScoreComparison", "compare_scores", "count_failures", "patient_changes"]


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


def compare_scores(
    structure: str, score: str, table_a: pd.DataFrame, table_b: pd.DataFrame, resamples: int = RESAMPLES, seed: int = 0
) -> ScoreComparison:
    """Compare one score of one structure, B - A.

    Args:
        structure: name of the structure.
        score: name of the score.
        table_a: scores of this structure in A, see :func:`~gdkvm_monai.evaluation.result_tables.read_frame_table`.
        table_b: the same in B.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Raises:
        ValueError: if an item occurs twice in a table, or the distances are in different units.
    """
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


def patient_changes(scores: Sequence[ScoreComparison], score: str) -> list[PatientChange]:
    """List the change of every patient and structure by one score, in the order of ``scores``."""
    sign = 1 if score in DISTANCES else -1
    return [
        PatientChange(
            patient, row.structure, row.patients_a[patient], row.patients_b[patient], difference, sign * difference
        )
        for row in scores
        if row.score == score
        for patient, difference in row.patients.items()
    ]


def count_failures(structure: str, table_a: pd.DataFrame, table_b: pd.DataFrame) -> Failures:
    """Count what is empty on one side and what has no partner, of one structure in A and in B."""
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
