"""Two folders of results side by side, patient by patient."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.evaluation import compare, patient_means
from gdkvm_monai.evaluation.bootstrap import DISTANCES

__all__ = ["compare_results", "format_comparison"]

ITEM = ("patient", "view", "frame", "structure")
QUANTITIES = {"ef_percent": "EF", "edv_ml": "EDV", "esv_ml": "ESV"}
UNITS = {"ef_percent": "points", "edv_ml": "mL", "esv_ml": "mL"}
GRID = ("spacing_axis0", "spacing_axis1")

Rows = list[dict[str, Any]]


def compare_results(
    folder_a: Path, folder_b: Path, score: str = "dice", threshold: float = 0.0, resamples: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Compare the results of two evaluations of the same data; every difference is B - A.

    Args:
        folder_a: folder written by ``run evaluating``, the earlier or the simpler one.
        folder_b: the other one.
        score: score by which a patient is judged to have got better or worse.
        threshold: change of that score, in its unit, beyond which a patient counts as better or worse.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Returns:
        ``scores``: one entry per structure and score with ``mean_a``, ``mean_b`` and what
        :func:`~gdkvm_monai.metrics.compare` returns; ``failures``: per structure, items empty on one side in A, in B,
        in B alone (``new``), in A alone (``resolved``), and items in one folder only; ``worse`` and ``better``:
        patients and structures beyond the threshold, the largest change first; ``ejection_fraction``: per method and
        quantity, the absolute errors of both against their references.

    Raises:
        FileNotFoundError: if a folder or its ``per_frame.csv`` is missing.
        ValueError: if units or scored grids differ, no item is shared, or a table or score is unusable.
    """
    tables = [_read(Path(folder) / "per_frame.csv") for folder in (folder_a, folder_b)]
    _check_comparable(*tables, Path(folder_a), Path(folder_b))
    names = [name for name in tables[0][0] if name in ("dice", "iou", *DISTANCES) or name.startswith("nsd@")]
    if score not in names:
        raise ValueError(f"score {score!r} is not in {folder_a}/per_frame.csv; choose one of {', '.join(names)}.")
    structures = list(dict.fromkeys(row["structure"] for row in tables[0] + tables[1]))
    parts = {s: [[row for row in table if row["structure"] == s] for table in tables] for s in structures}
    scores = [
        {"structure": structure, **_compare(name, *pair, resamples, seed)}
        for structure, pair in parts.items()
        for name in names
    ]
    changes = _changes(scores, score)
    return {
        "a": str(folder_a),
        "b": str(folder_b),
        "difference": "b - a",
        "unit": tables[0][0]["unit"],
        "scores": scores,
        "failures": [{"structure": structure, **_failures(*pair)} for structure, pair in parts.items()],
        "judged_by": {"score": score, "threshold": threshold},
        "worse": sorted((c for c in changes if c["worsening"] > threshold), key=lambda c: -c["worsening"]),
        "better": sorted((c for c in changes if -c["worsening"] > threshold), key=lambda c: c["worsening"]),
        "ejection_fraction": _compare_ejection_fractions(Path(folder_a), Path(folder_b), resamples, seed),
    }


def format_comparison(result: Mapping[str, Any]) -> str:
    """Lay out the result of :func:`compare_results` as a text."""
    unit = result["unit"]
    lines = [f"A: {result['a']}", f"B: {result['b']}", "differences are B - A, with 95 % patient-level intervals", ""]
    lines.append(f"{'structure':<11}{'score':<9}{'pairs':>6}{'patients':>9}{'A':>10}{'B':>10}   difference")
    for row in result["scores"]:
        name = f"{row['score']} {unit}" if row["score"] in DISTANCES else row["score"]
        lines.append(
            f"{row['structure']:<11}{name:<9}{row['n_pairs']:>6}{row['n_patients']:>9}{row['mean_a']:>10.4f}"
            f"{row['mean_b']:>10.4f}   {_interval(row, 4)}"
        )
    lines += ["", f"{'structure':<11}{'one side empty in A':>20}{'in B':>6}{'new':>5}{'resolved':>9}{'only in A':>11}"]
    lines[-1] += f"{'only in B':>11}"
    for row in result["failures"]:
        lines.append(
            f"{row['structure']:<11}{row['one_empty_a']:>20}{row['one_empty_b']:>6}{row['new']:>5}"
            f"{row['resolved']:>9}{row['only_a']:>11}{row['only_b']:>11}"
        )
    judged = result["judged_by"]
    lines += ["", f"by {judged['score']}, beyond {judged['threshold']:g}: {len(result['worse'])} worse in B, "]
    lines[-1] += f"{len(result['better'])} better (patient and structure)"
    lines += [
        f"  worse: {row['patient']:<14}{row['structure']:<9}{row['a']:.4f} -> {row['b']:.4f} ({row['difference']:+.4f})"
        for row in result["worse"]
    ]
    return "\n".join(lines + _format_ejection_fractions(result["ejection_fraction"]))


def _format_ejection_fractions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return ["", "no ejection fractions to compare: ef_per_patient.csv is missing in a folder"]
    header = f"{'method':<26}{'':<11}{'pairs':>6}{'MAE A':>8}{'MAE B':>8}   {'difference':<28}"
    lines = ["", "absolute errors against the reference masks", header + "not measured A, B  only in A, B"]
    for row in rows:
        quantity = f"{QUANTITIES[row['quantity']]} {UNITS[row['quantity']]}"
        lines.append(
            f"{row['method']:<26}{quantity:<11}{row['n_pairs']:>6}{row['mae_a']:>8.2f}{row['mae_b']:>8.2f}   "
            f"{_interval(row, 2):<28}{row['missing_a']:>14},{row['missing_b']:>2}"
            f"{row['n_only_baseline']:>11},{row['n_only_rows']:>2}"
        )
        if row["n_other_reference"]:
            lines.append(
                f"  caution: the reference differs between the folders for {row['n_other_reference']} patients"
            )
    return lines


def _interval(row: Mapping[str, Any], digits: int) -> str:
    return f"{row['mean']:+.{digits}f} [{row['low']:+.{digits}f}, {row['high']:+.{digits}f}]"


def _read(path: Path) -> Rows:
    """Rows of a table, with numbers where a column holds numbers."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is not a folder; pass the output_dir of two runs of evaluating.")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; run evaluating with output_dir {path.parent} first.")
    with open(path, newline="") as file:
        rows: Rows = list(csv.DictReader(file))
    needed = (*ITEM, "status", "unit", *GRID) if path.name == "per_frame.csv" else ("patient", "method")
    missing = [key for key in needed if not rows or key not in rows[0]]
    if missing:
        raise ValueError(f"{path} has no {', '.join(missing)} in its rows; it was not written by evaluating.")
    texts = {*ITEM, "phase", "status", "unit", "image_quality", "ef_class", "views", "method"}
    for row in rows:
        for key, value in row.items():
            if key not in texts and not key.endswith(("_flags", "_reason")):
                row[key] = _number(value)
    return rows


def _number(text: str | None) -> float:
    try:
        return float(text or np.nan)
    except ValueError:
        return np.nan


def _check_comparable(rows_a: Rows, rows_b: Rows, folder_a: Path, folder_b: Path) -> None:
    units = [sorted({row["unit"] for row in rows}) for rows in (rows_a, rows_b)]
    if units[0] != units[1] or len(units[0]) != 1:
        raise ValueError(
            f"distances are in {units[0]} in {folder_a} and in {units[1]} in {folder_b}; score both alike."
        )
    grids = [_scored_grid(folder) for folder in (folder_a, folder_b)]
    if None not in grids and grids[0] != grids[1]:
        raise ValueError(f"{folder_a} was scored on the {grids[0]} grid and {folder_b} on the {grids[1]} grid.")
    other = {tuple(row[key] for key in ITEM): row for row in rows_b}
    shared = [(row, other[key]) for row in rows_a if (key := tuple(row[name] for name in ITEM)) in other]
    if not shared:
        raise ValueError(f"{folder_a} and {folder_b} share no patient, view, frame and structure; compare like runs.")
    for one, two in shared:
        if not np.allclose([one[key] for key in GRID], [two[key] for key in GRID], rtol=1e-4):
            raise ValueError(
                f"{one['patient']} {one['view']} was scored on different grids: {[one[key] for key in GRID]} mm per "
                f"pixel in {folder_a}, {[two[key] for key in GRID]} in {folder_b}."
            )


def _scored_grid(folder: Path) -> str | None:
    file = folder / "metrics.json"
    return json.loads(file.read_text()).get("protocol", {}).get("scored_grid") if file.is_file() else None


def _compare(score: str, rows_a: Rows, rows_b: Rows, resamples: int, seed: int) -> dict[str, Any]:
    """Paired differences of one score, and its means in both over the pairs."""
    result = compare(rows_b, rows_a, score, ITEM, resamples, seed)
    other = {tuple(row[key] for key in ITEM): row for row in rows_b}
    pairs = [(row, other[key]) for row in rows_a if (key := tuple(row[name] for name in ITEM)) in other]
    pairs = [(a, b) for a, b in pairs if np.isfinite([a[score], b[score]]).all()]
    for side, rows in (("a", [a for a, _ in pairs]), ("b", [b for _, b in pairs])):
        values = [row[score] for row in rows]
        result[f"mean_{side}"] = float(np.mean(values)) if values else np.nan
        result[f"patients_{side}"] = patient_means(values, [row["patient"] for row in rows])
    return result


def _changes(scores: Sequence[Mapping[str, Any]], score: str) -> list[dict[str, Any]]:
    """Change of every patient and structure; ``worsening`` is positive where B is worse."""
    sign = 1 if score in DISTANCES else -1
    return [
        {
            "patient": patient,
            "structure": row["structure"],
            "a": row["patients_a"][patient],
            "b": row["patients_b"][patient],
            "difference": difference,
            "worsening": sign * difference,
        }
        for row in scores
        if row["score"] == score
        for patient, difference in row["patients"].items()
    ]


def _failures(rows_a: Rows, rows_b: Rows) -> dict[str, int]:
    keys = [{tuple(row[key] for key in ITEM) for row in rows} for rows in (rows_a, rows_b)]
    empty = [{tuple(r[key] for key in ITEM) for r in rows if r["status"] == "one_empty"} for rows in (rows_a, rows_b)]
    shared = keys[0] & keys[1]
    return {
        "one_empty_a": len(empty[0]),
        "one_empty_b": len(empty[1]),
        "new": len((empty[1] - empty[0]) & shared),
        "resolved": len((empty[0] - empty[1]) & shared),
        "only_a": len(keys[0] - shared),
        "only_b": len(keys[1] - shared),
    }


def _compare_ejection_fractions(folder_a: Path, folder_b: Path, resamples: int, seed: int) -> list[dict[str, Any]]:
    files = [folder / "ef_per_patient.csv" for folder in (folder_a, folder_b)]
    if not all(file.is_file() for file in files):
        return []
    tables = [_read(file) for file in files]
    results = []
    for method in dict.fromkeys(row["method"] for row in tables[0] + tables[1]):
        sides = [{row["patient"]: row for row in table if row["method"] == method} for table in tables]
        for quantity in QUANTITIES:
            results.append({"method": method, **_compare_errors(quantity, *sides, resamples, seed)})
    return results


def _compare_errors(quantity: str, side_a: Mapping, side_b: Mapping, resamples: int, seed: int) -> dict[str, Any]:
    """Absolute errors of one quantity against each folder's own reference."""
    errors = [
        {patient: abs(row[f"predicted_{quantity}"] - row[f"reference_{quantity}"]) for patient, row in side.items()}
        for side in (side_a, side_b)
    ]
    tables = [[{"patient": patient, "error": error} for patient, error in side.items()] for side in errors]
    result = compare(tables[1], tables[0], "error", ("patient",), resamples, seed)
    paired = [(errors[0][patient], errors[1][patient]) for patient in result["patients"]]
    references = [
        (side_a[p][f"reference_{quantity}"], side_b[p][f"reference_{quantity}"]) for p in errors[0] if p in errors[1]
    ]
    return {
        "quantity": quantity,
        **result,
        "mae_a": float(np.mean([a for a, _ in paired])) if paired else np.nan,
        "mae_b": float(np.mean([b for _, b in paired])) if paired else np.nan,
        "missing_a": int(np.isnan(list(errors[0].values())).sum()),
        "missing_b": int(np.isnan(list(errors[1].values())).sum()),
        "n_other_reference": sum(not np.isclose(a, b, atol=1e-6, equal_nan=True) for a, b in references),
    }
