"""Readers of the tables that an evaluation writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gdkvm_monai.evaluation.ejection_fraction import QUANTITIES
from gdkvm_monai.evaluation.paired import ITEM
from gdkvm_monai.evaluation.summary import score_names

__all__ = ["GRID", "read_ef_table", "read_frame_table", "read_scored_grid"]

GRID = ("spacing_axis0", "spacing_axis1")
"""Columns of ``per_frame.csv`` with the pixel spacing of the scored grid, in mm."""


def read_frame_table(folder: Path) -> pd.DataFrame:
    """Read ``per_frame.csv`` in a folder of results; scores and spacings are numbers, everything else is text.

    Raises:
        FileNotFoundError: if the folder or the table is missing.
        ValueError: if a column is missing, the table is empty, or a numeric column contains text.
    """
    table = _read(folder / "per_frame.csv", (*ITEM, "status", "unit", *GRID))
    return _with_numbers(table, [*score_names(table), *GRID], folder / "per_frame.csv")


def read_ef_table(folder: Path) -> pd.DataFrame | None:
    """Read ``ef_per_patient.csv`` in a folder of results; ``None`` if the evaluation did not write it.

    Raises:
        ValueError: if a column is missing, the table is empty, or a numeric column contains text.
    """
    file = folder / "ef_per_patient.csv"
    if not file.is_file():
        return None
    numbers = [f"{side}_{quantity}" for side in ("predicted", "reference") for quantity in QUANTITIES]
    return _with_numbers(_read(file, ("patient", "clips", "method", *numbers)), numbers, file)


def read_scored_grid(folder: Path) -> str | None:
    """Read the name of the scored grid from ``metrics.json``; ``None`` if it is not given."""
    file = folder / "metrics.json"
    return json.loads(file.read_text()).get("protocol", {}).get("scored_grid") if file.is_file() else None


def _read(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is not a folder; pass the output_dir of two evaluating runs.")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; first run evaluating with output_dir {path.parent}.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)  # "0001" and "NA" are patients, not numbers
    except pd.errors.EmptyDataError:
        table = pd.DataFrame()
    missing = [name for name in needed if name not in table or not len(table)]
    if missing:
        raise ValueError(f"{path} has no {', '.join(missing)} in its rows; pass a table written by evaluating.")
    return table


def _with_numbers(table: pd.DataFrame, names: Sequence[str], path: Path) -> pd.DataFrame:
    """Turn columns into numbers; an empty cell is NaN."""
    numbers = {}
    for name in names:
        try:
            numbers[name] = table[name].replace("", "nan").astype(float)
        except ValueError as error:
            raise ValueError(f"{path} has text in the column {name}, expected numbers: {error}.") from error
    return table.assign(**numbers)
