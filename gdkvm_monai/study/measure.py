"""Measure one clip: end-diastole and end-systole of every beat, volumes, ejection fraction, areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdkvm_monai.labels import NOTICE, STRUCTURES, VIEW_NAMES
from gdkvm_monai.metrics.phases import Phases, find_phases
from gdkvm_monai.metrics.volume import ejection_fraction
from gdkvm_monai.study.measurements import SCHEMA_VERSION

__all__ = ["frame_columns", "measure_clip"]


def frame_columns(
    clip_id: str, rows: Sequence[Mapping[str, Any]], time_s: Sequence[float] | None, spacing_known: bool
) -> dict[str, list]:
    """Turn the measurements of every frame into the columns of ``frames.csv``.

    Args:
        clip_id: name of the clip.
        rows: for each frame what :func:`~gdkvm_monai.metrics.frame_measurements.measure_frame` returns, with ``valid``
            and ``confidence``.
        time_s: onset of each frame in seconds, or ``None``.
        spacing_known: whether areas and volumes have units.

    Returns:
        Columns of equal length; ``None`` where a value is unknown. ``Filename``, ``Frame``, ``Size`` are named as in
        EchoNet-Dynamic's table of areas, ``LV_volume_relative`` is the share of the largest volume.
    """
    volume = np.array([row["volume"] if row["valid"] else np.nan for row in rows])
    largest = np.nanmax(volume) if np.isfinite(volume).any() else np.nan
    return {
        "Filename": [clip_id] * len(rows),
        "Frame": list(range(len(rows))),
        "Size": [row["LV_px"] for row in rows],
        "time_s": [None] * len(rows) if time_s is None else [round(float(time), 6) for time in time_s],
        "valid": [row["valid"] for row in rows],
        "confidence": [_known(row["confidence"]) for row in rows],
        **{f"{name}_px": [row[f"{name}_px"] for row in rows] for name in STRUCTURES},
        **{f"{name}_cm2": [_known(row[f"{name}_cm2"]) for row in rows] for name in STRUCTURES},
        "LV_volume_ml": [_known(value) if spacing_known else None for value in volume],
        "LV_volume_relative": [_known(value / largest) for value in volume],
    }


def measure_clip(
    clip: Mapping[str, Any], columns: Mapping[str, list], copies: Sequence[Sequence[float]] = (), copies_of: str = ""
) -> dict[str, Any]:
    """Measure one clip.

    The phases are the extremes of the smoothed area curve of the left ventricle, the volumes those of the unsmoothed
    masks at these frames, so that they belong to the pictures that are shown.

    Args:
        clip: the facts about it: ``id``, ``view``, ``frames`` and so on.
        columns: of :func:`frame_columns`.
        copies: the volume of every frame in perturbed copies of the clip, in mL where the columns have mL, otherwise
            in any unit; their ejection fractions and volumes at the same frames give the interval.
        copies_of: how the copies were made.

    Returns:
        What ``measurements.schema.json`` describes, but for ``quality``. What is unknown is ``None``.
    """
    relative = np.array([np.nan if value is None else value for value in columns["LV_volume_relative"]])
    area = [float(size) if valid and size else np.nan for size, valid in zip(columns["Size"], columns["valid"])]
    time_s = None if None in columns["time_s"] else columns["time_s"]
    phases = find_phases(area, time_s)
    beats = [_measure_beat(columns, relative, ed, es) for ed, es in phases.beats]
    mean = _mean(beats)
    return {
        "schema_version": SCHEMA_VERSION,
        "clip": dict(clip),
        "structures": list(STRUCTURES),
        "method": _method(clip["view"]),
        "phases": {
            "ed_frames": list(phases.ed),
            "es_frames": list(phases.es),
            "heart_rate_bpm": _known(phases.heart_rate_bpm),
            "reason": phases.reason,
        },
        "beats": beats,
        "mean": mean,
        "interval": _interval(columns, copies, phases, copies_of),
        "ef_withheld": "" if mean["ef_percent"] is not None else _why_no_ef(columns, phases, beats),
        "confidence": _confidence(columns["confidence"], copies_of),
        "notice": NOTICE,
    }


def _measure_beat(columns: Mapping[str, list], relative: np.ndarray, ed: int, es: int) -> dict[str, Any]:
    edv, esv = columns["LV_volume_ml"][ed], columns["LV_volume_ml"][es]
    return {
        "ed_frame": ed,
        "es_frame": es,
        "edv_ml": edv,
        "esv_ml": esv,
        "sv_ml": None if edv is None or esv is None else _known(edv - esv),
        "ef_percent": _known(ejection_fraction(relative[ed], relative[es])),
        "ed_area_cm2": {name: columns[f"{name}_cm2"][ed] for name in STRUCTURES},
        "es_area_cm2": {name: columns[f"{name}_cm2"][es] for name in STRUCTURES},
    }


def _mean(beats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    measured = [beat for beat in beats if beat["ef_percent"] is not None]
    mean: dict[str, Any] = {"n_beats": len(measured)}
    for name in ("edv_ml", "esv_ml", "sv_ml", "ef_percent"):
        values = [beat[name] for beat in measured if beat[name] is not None]
        mean[name] = _known(np.mean(values)) if values else None
    fractions = [beat["ef_percent"] for beat in measured]
    return {**mean, "ef_sd_percent": _known(np.std(fractions, ddof=1)) if len(fractions) > 1 else None}


def _interval(
    columns: Mapping[str, list], copies: Sequence[Sequence[float]], phases: Phases, copies_of: str
) -> dict[str, Any]:
    """Range of the means over the beats, in the clip and its perturbed copies, at the same frames."""
    interval: dict[str, Any] = {"ef_percent": None, "edv_ml": None, "esv_ml": None, "method": "not computed"}
    if not copies or not phases.beats:
        return interval
    in_ml = any(value is not None for value in columns["LV_volume_ml"])
    own = columns["LV_volume_ml" if in_ml else "LV_volume_relative"]
    curves = [np.array([np.nan if value is None else value for value in curve], float) for curve in (own, *copies)]
    ed, es = (list(frames) for frames in zip(*phases.beats))
    ranges = {
        "ef_percent": [_mean_of([ejection_fraction(curve[i], curve[j]) for i, j in phases.beats]) for curve in curves],
        **({"edv_ml": [_mean_of(curve[ed]) for curve in curves]} if in_ml else {}),
        **({"esv_ml": [_mean_of(curve[es]) for curve in curves]} if in_ml else {}),
    }
    interval.update({name: _range(values) for name, values in ranges.items()})
    method = f"range over the clip and {len(copies)} perturbed copies ({copies_of}); not a confidence interval"
    return {**interval, "method": method}


def _mean_of(values: Sequence[float]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _range(values: Sequence[float]) -> list[float | None] | None:
    """Smallest and largest; ``None`` when a copy could not be measured, because the range would look too small."""
    return [_known(min(values)), _known(max(values))] if np.isfinite(values).all() else None


def _confidence(values: Sequence[float | None], copies_of: str) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    method = f"lowest Dice of the left ventricle with perturbed copies ({copies_of})" if copies_of else "not computed"
    return {
        "mean": _known(np.mean(known)) if known else None,
        "min": _known(min(known)) if known else None,
        "method": method,
    }


def _why_no_ef(columns: Mapping[str, list], phases: Phases, beats: Sequence[Mapping[str, Any]]) -> str:
    if len(columns["Frame"]) == 1:
        return "one frame has no ejection fraction; give a clip of at least one beat."
    if not beats:
        return phases.reason
    return "the left ventricle has no measurable volume at end-diastole or end-systole."


def _method(view: str | None) -> dict[str, str]:
    name = "" if view is None else f"-a{view[0]}c"
    description = (
        f"method of disks, single plane ({VIEW_NAMES.get(view, 'view not stated')}), 20 disks; end-diastole and "
        "end-systole are the extremes of the smoothed area curve of the left ventricle"
    )
    return {"id": f"single-plane{name}-mod-v1", "description": description}


def _known(value: float | None) -> float | None:
    """A rounded number, or ``None`` where it is not known."""
    return None if value is None or not np.isfinite(value) else round(float(value), 4)
