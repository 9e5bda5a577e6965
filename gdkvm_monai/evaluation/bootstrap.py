"""Means with intervals that respect patients: several frames of one heart are not independent."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

RESAMPLES = 2000
"""Bootstrap resamples of the patients."""

DISTANCES = ("hd", "hd95", "asd")

Row = Mapping[str, Any]


def patient_means(values: Sequence[float], patients: Sequence[Hashable]) -> dict[Hashable, float]:
    """Average the values of each patient; NaN does not count, and a patient without any value is left out.

    Args:
        values: one value per item.
        patients: patient of each item.

    Returns:
        Mean of each patient, in the order of first appearance.

    Raises:
        ValueError: if the two sequences differ in length.
    """
    if len(values) != len(patients):
        raise ValueError(f"got {len(values)} values and {len(patients)} patients; pass one patient per value.")
    groups: dict[Hashable, list[float]] = {}
    for value, patient in zip(values, patients):
        if not np.isnan(value):
            groups.setdefault(patient, []).append(float(value))
    return {patient: float(np.mean(group)) for patient, group in groups.items()}


def bootstrap_interval(
    values: Sequence[float],
    patients: Sequence[Hashable],
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean, resampling patients; each patient contributes its own mean.

    Args:
        values: one value per item; NaN does not count.
        patients: patient of each item.
        resamples: number of resamples.
        seed: seed of ``numpy.random.default_rng``.
        confidence: mass of the interval, in ``(0, 1)``.

    Returns:
        Lower and upper end; NaN twice with fewer than two patients, of whom no spread can be known.

    Example:
        >>> bootstrap_interval([1.0, 1.0, 3.0], ["a", "a", "b"])
        (1.0, 3.0)
    """
    means = np.array(
        [mean for _, mean in sorted(patient_means(values, patients).items(), key=lambda item: str(item[0]))]
    )
    if len(means) < 2:
        return np.nan, np.nan
    sampled = np.random.default_rng(seed).choice(means, size=(resamples, len(means))).mean(axis=1)
    low, high = np.quantile(sampled, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def summarize(
    rows: Sequence[Row],
    by: Sequence[str] = ("structure",),
    scores: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Average rows of scores in groups, with counts and patient-level 95 % bootstrap intervals.

    Means run over all items that are not empty on both sides; a structure missed or invented (``one_empty``) counts.

    Args:
        rows: rows of :func:`~gdkvm_monai.metrics.segmentation.score_clip` with a ``patient`` each, and the keys ``by``.
        by: keys whose values make a group; an empty sequence makes one group of all rows.
        scores: names of the scores; every score of the first row by default.
        resamples: number of bootstrap resamples.
        seed: seed of the bootstrap.

    Returns:
        One dictionary per group, in the order of first appearance: the keys ``by``, ``unit`` if the rows have one,
        ``n_total``, ``n_valid``, ``n_one_empty``, ``n_both_empty``, ``n_patients``, and ``scores``: by name ``mean``,
        ``sd`` (ddof 1) over items, and ``low``, ``high`` of the interval. NaN where nothing counts.

    Raises:
        ValueError: if a group mixes pixels and millimeters, or a row lacks a patient, a status or a key.
    """
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        missing = [key for key in ("patient", "status", *by) if key not in row]
        if missing:
            raise ValueError(f"row {dict(row)} lacks {missing}; every row needs them to be summarized.")
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    return [dict(zip(by, key)) | _summarize_group(group, scores, resamples, seed) for key, group in groups.items()]


def compare(
    rows: Sequence[Row],
    baseline: Sequence[Row],
    score: str,
    key: Sequence[str] = ("patient", "view", "frame", "structure"),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """Compare two runs item by item: mean of the paired differences ``rows - baseline`` and its bootstrap interval.

    Args:
        rows: rows of scores of the run of interest, each with ``patient``.
        baseline: rows of scores of the run it is compared with.
        score: name of the score.
        key: keys that identify an item in both runs.
        resamples: number of bootstrap resamples of patients.
        seed: seed of the bootstrap.

    Returns:
        ``score``, ``mean``, ``low``, ``high`` of the difference; ``n_pairs``, ``n_patients``; ``n_undefined``, pairs in
        which a side is NaN; ``n_only_rows`` and ``n_only_baseline``, items without a partner; ``patients``, the mean
        difference of each patient.

    Raises:
        ValueError: if an item occurs twice in a run, or the runs measure a distance in different units.
    """
    ours, theirs = _index(rows, key), _index(baseline, key)
    shared = [item for item in ours if item in theirs]
    if score in DISTANCES or score.startswith("nsd@"):
        _unit([ours[item] for item in shared] + [theirs[item] for item in shared])
    differences = [float(ours[item][score]) - float(theirs[item][score]) for item in shared]
    patients = [ours[item]["patient"] for item in shared]
    valid = [difference for difference in differences if not np.isnan(difference)]
    low, high = bootstrap_interval(differences, patients, resamples, seed)
    by_patient = patient_means(differences, patients)
    return {
        "score": score,
        "mean": float(np.mean(valid)) if valid else np.nan,
        "low": low,
        "high": high,
        "n_pairs": len(valid),
        "n_patients": len(by_patient),
        "n_undefined": len(shared) - len(valid),
        "n_only_rows": len(ours) - len(shared),
        "n_only_baseline": len(theirs) - len(shared),
        "patients": by_patient,
    }


def _summarize_group(rows: Sequence[Row], scores: Sequence[str] | None, resamples: int, seed: int) -> dict[str, Any]:
    unit = _unit(rows)
    statuses = [row["status"] for row in rows]
    valid = [row for row in rows if row["status"] != "both_empty"]
    result: dict[str, Any] = {} if unit is None else {"unit": unit}
    result |= {
        "n_total": len(rows),
        "n_valid": len(valid),
        "n_one_empty": statuses.count("one_empty"),
        "n_both_empty": statuses.count("both_empty"),
        "n_patients": len({row["patient"] for row in valid}),
    }
    names = _score_names(rows[0]) if scores is None else scores
    patients = [row["patient"] for row in valid]
    return result | {
        "scores": {name: _describe([float(row[name]) for row in valid], patients, resamples, seed) for name in names}
    }


def _describe(values: list[float], patients: list[Hashable], resamples: int, seed: int) -> dict[str, float]:
    finite = [value for value in values if not np.isnan(value)]
    low, high = bootstrap_interval(values, patients, resamples, seed)
    return {
        "mean": float(np.mean(finite)) if finite else np.nan,
        "sd": float(np.std(finite, ddof=1)) if len(finite) > 1 else np.nan,
        "low": low,
        "high": high,
    }


def _score_names(row: Row) -> list[str]:
    return [key for key in row if key in ("dice", "iou", *DISTANCES) or key.startswith(("nsd@", "legacy_row_"))]


def _unit(rows: Sequence[Row]) -> str | None:
    units = {row["unit"] for row in rows if "unit" in row}
    if len(units) > 1:
        raise ValueError(f"distances in {sorted(units)} cannot be averaged together; score every clip in one unit.")
    return units.pop() if units else None


def _index(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple, Row]:
    index: dict[tuple, Row] = {}
    for row in rows:
        item = tuple(row[name] for name in key)
        if item in index:
            raise ValueError(f"item {dict(zip(key, item))} occurs twice in one run; remove the duplicate.")
        index[item] = row
    return index
