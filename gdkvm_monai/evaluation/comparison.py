"""Comparison of two folders of results, patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.ef_comparison import ErrorComparison, compare_ejection_fractions
from gdkvm_monai.evaluation.paired import pair_items
from gdkvm_monai.evaluation.result_tables import GRID, read_frame_table, read_scored_grid
from gdkvm_monai.evaluation.score_comparison import (
    Failures,
    PatientChange,
    ScoreComparison,
    compare_scores,
    count_failures,
    patient_changes,
)
from gdkvm_monai.evaluation.summary import score_names

__all__ = ["Comparison", "compare_results"]


@dataclass(frozen=True)
class Judgment:
    """Score that decides whether a patient is worse or better, and the smallest change that counts."""

    score: str
    threshold: float


@dataclass(frozen=True)
class Comparison:
    """Two evaluations of the same data; every difference is B - A.

    Attributes:
        a: folder of A.
        b: folder of B.
        difference: ``"b - a"``.
        unit: unit of the distances.
        scores: one entry per structure and score.
        failures: one entry per structure.
        judged_by: criterion for a worse or better patient.
        worse: patients and structures that got worse beyond the threshold, largest change first.
        better: patients and structures that improved beyond the threshold, largest change first.
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
        folder_a: folder written by ``run evaluating``, usually the baseline.
        folder_b: folder to compare with it.
        score: score that decides whether a patient got better or worse.
        threshold: change of that score, in its unit, beyond which a patient counts as better or worse.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Returns:
        Differences of all scores, failures, patients who got worse or better, and errors of the ejection fraction.

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
    scores = [
        compare_scores(structure, name, *pair, resamples, seed) for structure, pair in parts.items() for name in names
    ]
    changes = patient_changes(scores, score)
    return Comparison(
        a=str(folder_a),
        b=str(folder_b),
        difference="b - a",
        unit=table_a["unit"].iloc[0],
        scores=scores,
        failures=[count_failures(structure, *pair) for structure, pair in parts.items()],
        judged_by=Judgment(score, threshold),
        worse=sorted((c for c in changes if c.worsening > threshold), key=lambda c: -c.worsening),
        better=sorted((c for c in changes if -c.worsening > threshold), key=lambda c: c.worsening),
        ejection_fraction=compare_ejection_fractions(folder_a, folder_b, resamples, seed),
    )


def _check_comparable(table_a: pd.DataFrame, table_b: pd.DataFrame, folder_a: Path, folder_b: Path) -> None:
    units = [sorted(table["unit"].unique()) for table in (table_a, table_b)]
    if units[0] != units[1] or len(units[0]) != 1:
        raise ValueError(
            f"distances are in {units[0]} in {folder_a} and in {units[1]} in {folder_b}; score both in the same unit."
        )
    grids = [read_scored_grid(folder) for folder in (folder_a, folder_b)]
    if None not in grids and grids[0] != grids[1]:
        raise ValueError(
            f"{folder_a} was scored on the {grids[0]} grid and {folder_b} on the {grids[1]} grid; use one grid."
        )
    shared = pair_items(table_a, table_b)
    if not len(shared):
        raise ValueError(
            f"{folder_a} and {folder_b} share no patient, view, clip, frame, and structure; compare runs on the same "
            "data."
        )
    spacings = [shared[[f"{name}_{side}" for name in GRID]].to_numpy() for side in ("one", "other")]
    same = np.isclose(*spacings, rtol=1e-4).all(axis=1)
    if not same.all():
        first = int(np.argmin(same))
        item, one, other = shared.iloc[first], *(spacing[first].tolist() for spacing in spacings)
        raise ValueError(
            f"{item['patient']} {item['view']} was scored on different grids: {one} mm per pixel in {folder_a}, "
            f"{other} in {folder_b}; score both on the same grid."
        )
