"""Comparison of two evaluations by the errors of their ejection fractions and volumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.bootstrap import mean_over_patients
from gdkvm_monai.evaluation.ejection_fraction import QUANTITIES
from gdkvm_monai.evaluation.paired import PairedDifference, compare, pair_items
from gdkvm_monai.evaluation.result_tables import read_ef_table

__all__ = ["ErrorComparison", "compare_ejection_fractions"]

MEASUREMENT = ("patient", "clips")
"""Columns that identify a measurement by one method in two folders."""


@dataclass(frozen=True, kw_only=True)
class ErrorComparison(PairedDifference):
    """Absolute errors of one quantity against each folder's own reference, B - A.

    Attributes:
        method: identifier of the method.
        quantity: ``"ef_percent"``, ``"edv_ml"`` or ``"esv_ml"``.
        mae_a: absolute error in A, averaged over patients.
        mae_b: absolute error in B, averaged over patients.
        missing_a: measurements in A whose error is undefined.
        missing_b: measurements in B whose error is undefined.
        n_other_reference: measurements in both folders whose references differ.
    """

    method: str
    quantity: str
    mae_a: float
    mae_b: float
    missing_a: int
    missing_b: int
    n_other_reference: int


def compare_ejection_fractions(folder_a: Path, folder_b: Path, resamples: int, seed: int) -> list[ErrorComparison]:
    """Compare the errors of two folders of results for each method and quantity.

    Args:
        folder_a: folder written by an evaluation.
        folder_b: folder to compare with it.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Returns:
        One entry per method and quantity; empty if a folder contains no ejection fractions.
    """
    tables = [read_ef_table(folder) for folder in (folder_a, folder_b)]
    if any(table is None for table in tables):
        return []
    methods = pd.concat([table["method"] for table in tables]).unique()
    return [
        _compare(method, quantity, *(_errors(table, method, quantity) for table in tables), resamples, seed)
        for method in methods
        for quantity in QUANTITIES
    ]


def _errors(table: pd.DataFrame, method: str, quantity: str) -> pd.DataFrame:
    rows = table[table["method"] == method]
    reference = rows[f"reference_{quantity}"]
    error = (rows[f"predicted_{quantity}"] - reference).abs()
    return pd.DataFrame({**rows[list(MEASUREMENT)], "error": error, "reference": reference})


def _compare(
    method: str, quantity: str, errors_a: pd.DataFrame, errors_b: pd.DataFrame, resamples: int, seed: int
) -> ErrorComparison:
    difference = compare(errors_b, errors_a, "error", MEASUREMENT, resamples, seed)
    shared = pair_items(errors_a, errors_b, MEASUREMENT)
    known = shared.dropna(subset=["error_one", "error_other"])
    patients = known["patient"].tolist()
    same = np.isclose(shared["reference_one"], shared["reference_other"], atol=1e-6, equal_nan=True)
    return ErrorComparison(
        **vars(difference),
        method=method,
        quantity=quantity,
        mae_a=mean_over_patients(known["error_one"], patients),
        mae_b=mean_over_patients(known["error_other"], patients),
        missing_a=int(errors_a["error"].isna().sum()),
        missing_b=int(errors_b["error"].isna().sum()),
        n_other_reference=int((~same).sum()),
    )
