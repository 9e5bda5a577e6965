"""Ejection fractions of an evaluation: prediction and reference through the same code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.metrics import measure_ejection_fraction

if TYPE_CHECKING:
    from gdkvm_monai.evaluation.results import ClipResult

__all__ = ["ef_table"]

MEASURED = ("edv_ml", "esv_ml", "ef_percent")


def ef_table(clips: Sequence[ClipResult]) -> list[dict[str, Any]]:
    """Measure every patient by the method of disks: each view alone, and biplane where both views are there.

    Args:
        clips: one per patient and view; those whose ends are not ED and ES, or are not annotated, are left out.

    Returns:
        One row per patient and method, with ``predicted_*``, ``reference_*``, ``dataset_ef_percent``, the reason where
        a number is missing, the flags and the quality fields of both sides.
    """
    usable = [clip for clip in clips if clip.ends_are_phases and clip.view in ("2CH", "4CH") and clip.num_frames > 1]
    usable = [clip for clip in usable if not (clip.label_ends == UNLABELED).any()]
    patients: dict[str, list[ClipResult]] = {}
    for clip in usable:
        patients.setdefault(clip.patient, []).append(clip)
    rows = []
    for patient, views in patients.items():
        groups = [[clip] for clip in views] + ([views] if len(views) == 2 else [])
        rows.extend(_measure(patient, group) for group in groups)
    return rows


def _measure(patient: str, clips: Sequence[ClipResult]) -> dict[str, Any]:
    spacing = {clip.view: clip.spacing_mm for clip in clips}
    spacing_mm = None if None in spacing.values() else spacing
    quality: dict[str, Any] = {}
    row: dict[str, Any] = {"patient": patient, "views": "+".join(clip.view for clip in clips)}
    for side in ("prediction", "label"):
        ends = {clip.view: getattr(clip, f"{side}_ends") for clip in clips}
        ed, es = ({view: masks[..., end] for view, masks in ends.items()} for end in (0, 1))
        measured = measure_ejection_fraction(ed, es, spacing_mm, depth_axis=1)
        name = "predicted" if side == "prediction" else "reference"
        row["method"] = measured["method"]
        row |= {f"{name}_{key}": measured[key] for key in MEASURED}
        row |= {f"{name}_flags": "; ".join(measured["flags"]), f"{name}_reason": measured["reason"]}
        quality |= {f"{name}_{key}": value for key, value in measured.items() if key.startswith(("ed_", "es_"))}
    stated = [clip.dataset_ef_percent for clip in clips if np.isfinite(clip.dataset_ef_percent)]
    row["dataset_ef_percent"] = stated[0] if stated else np.nan
    return row | quality
