"""Comparison of the scores of two evaluations, by structure and patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from gdkvm_monai.evaluation.bootstrap import RESAMPLES, mean_over_patients, patient_means
from gdkvm_monai.evaluation.paired import ITEM, PairedDifference, compare, pair_items
from gdkvm_monai.evaluation.summary import DISTANCES

__all__ = ["Failures", "PatientChange", "ScoreComparison", "compare_scores", "count_failures", "patient_changes"]


@dataclass(frozen=True, kw_only=True)
class ScoreComparison(PairedDifference):
    """Differences of one score of one structure, and the means over the pairs.

    Attributes:
        structure: name of the structure.
        mean_a: mean in A over patients, of each patient's mean over the pairs.
        mean_b: the same in B.
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
    """Items of one structure that are empty in either prediction or label, and items without a counterpart.

    Attributes:
        structure: name of the structure.
        one_empty_a: items in A with one empty mask.
        one_empty_b: items in B with one empty mask.
        new: items in both evaluations with one empty mask only in B.
        resolved: items in both evaluations with one empty mask only in A.
        only_a: items only in A.
        only_b: items only in B.
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
    """Change of one structure of one patient; ``worsening`` is positive if B is worse."""

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
        table_b: scores of this structure in B.
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
        mean_a=mean_over_patients(values_a, patients),
        mean_b=mean_over_patients(values_b, patients),
        patients_a=patient_means(values_a, patients),
        patients_b=patient_means(values_b, patients),
    )


def patient_changes(scores: Sequence[ScoreComparison], score: str) -> list[PatientChange]:
    """List the change in one score for each patient and structure, in the order of ``scores``."""
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
    """Count the items of one structure with one empty mask, and those without a counterpart, in A and B."""
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
