"""Ejection fractions of an evaluation: prediction and reference through the same code, and how well they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gdkvm_monai.evaluation.clip_result import ClipResult
from gdkvm_monai.labels import UNLABELED, VIEWS
from gdkvm_monai.metrics.agreement import Agreement, measure_agreement
from gdkvm_monai.metrics.ejection_fraction import EjectionFraction, measure_ejection_fraction
from gdkvm_monai.visualize.agreement import plot_agreement, save_figure

__all__ = ["QUANTITIES", "PatientEjectionFraction", "ef_table", "measure_agreements", "plot_agreements"]

QUANTITIES = ("ef_percent", "edv_ml", "esv_ml")
"""Quantities whose agreement is measured."""


@dataclass(frozen=True)
class PatientEjectionFraction:
    """Ejection fraction of one patient by one method, from the predicted and from the reference masks.

    Attributes:
        patient: identifier of the patient.
        views: the views measured, for example ``"4CH+2CH"``.
        predicted: from the predicted masks.
        reference: from the reference masks.
        dataset_ef_percent: ejection fraction that the data set states, or NaN.
    """

    patient: str
    views: str
    predicted: EjectionFraction
    reference: EjectionFraction
    dataset_ef_percent: float

    @property
    def method(self) -> str:
        """Identifier of the method."""
        return self.predicted.method

    def columns(self) -> dict[str, str | int | float]:
        """Return the columns of ``ef_per_patient.csv``, which end in the quality fields of both sides."""
        sides = {"predicted": self.predicted, "reference": self.reference}
        columns: dict[str, str | int | float] = {"patient": self.patient, "views": self.views, "method": self.method}
        for name, measured in sides.items():
            columns |= {f"{name}_{key}": getattr(measured, key) for key in ("edv_ml", "esv_ml", "ef_percent")}
            columns |= {f"{name}_flags": "; ".join(measured.flags), f"{name}_reason": measured.reason}
        columns["dataset_ef_percent"] = self.dataset_ef_percent
        for name, measured in sides.items():
            columns |= {f"{name}_{key}": value for key, value in _quality(measured).items()}
        return columns


def ef_table(clips: Sequence[ClipResult]) -> list[PatientEjectionFraction]:
    """Measure every patient by the method of disks: each view alone, and biplane where both views are there.

    Args:
        clips: one per patient and view; those whose ends are not ED and ES, or are not annotated, are left out.

    Returns:
        One entry per patient and method.
    """
    usable = [clip for clip in clips if clip.ends_are_phases and clip.view in VIEWS and clip.num_frames > 1]
    usable = [clip for clip in usable if not (clip.label_ends == UNLABELED).any()]
    patients: dict[str, list[ClipResult]] = {}
    for clip in usable:
        patients.setdefault(clip.patient, []).append(clip)
    groups = []
    for views in patients.values():
        groups += [[clip] for clip in views] + ([views] if len(views) == 2 else [])
    return [_measure(group) for group in groups]


def measure_agreements(table: Sequence[PatientEjectionFraction]) -> dict[str, Agreement]:
    """Measure the agreement of every method's EF and volumes with the reference masks', and of EF with the data set's.

    Returns:
        By method and comparison; without those of which fewer than two pairs are complete.
    """
    results = {}
    for method, rows in _by_method(table).items():
        pairs = {
            f"{quantity} against reference masks": [
                (getattr(row.predicted, quantity), getattr(row.reference, quantity)) for row in rows
            ]
            for quantity in QUANTITIES
        }
        stated = [(row.predicted.ef_percent, row.dataset_ef_percent) for row in rows]
        for name, values in {**pairs, "ef_percent against the data set's": stated}.items():
            if np.isfinite(values).all(axis=1).sum() > 1:
                results[f"{method}: {name}"] = measure_agreement(*zip(*values))
    return results


def plot_agreements(table: Sequence[PatientEjectionFraction], folder: Path) -> None:
    """Draw the agreement of each method's EF with the reference masks', where two pairs or more are complete."""
    for method, rows in _by_method(table).items():
        values = np.array([(row.predicted.ef_percent, row.reference.ef_percent) for row in rows])
        if np.isfinite(values).all(axis=1).sum() > 1:
            save_figure(plot_agreement(*values.T, "EF", "%"), folder / f"ef_{method}")


def _by_method(table: Sequence[PatientEjectionFraction]) -> dict[str, list[PatientEjectionFraction]]:
    return {method: [row for row in table if row.method == method] for method in dict.fromkeys(r.method for r in table)}


def _measure(clips: Sequence[ClipResult]) -> PatientEjectionFraction:
    """Measure one patient from one or two views."""
    spacing = {clip.view: clip.spacing_mm for clip in clips}
    spacing_mm = None if None in spacing.values() else spacing
    sides = []
    for masks in ({clip.view: clip.prediction_ends for clip in clips}, {clip.view: clip.label_ends for clip in clips}):
        ed, es = ({view: ends[..., end] for view, ends in masks.items()} for end in (0, 1))
        sides.append(measure_ejection_fraction(ed, es, spacing_mm, depth_axis=1))
    stated = [clip.dataset_ef_percent for clip in clips if np.isfinite(clip.dataset_ef_percent)]
    views = "+".join(clip.view for clip in clips)
    return PatientEjectionFraction(clips[0].patient, views, *sides, stated[0] if stated else np.nan)


def _quality(measured: EjectionFraction) -> dict[str, str | int | float]:
    """Quality fields of every frame, and how much the lengths of two views differ."""
    quality: dict[str, str | int | float] = {}
    for (phase, view), ventricle in measured.ventricles.items():
        axis = ventricle.long_axis
        fields = {
            "axis": axis.method,
            f"length_{measured.unit}": axis.length,
            f"base_width_{measured.unit}": axis.base_width,
            "parts": axis.parts,
            "hole_pixels": axis.hole_pixels,
            "border_fraction": axis.border_fraction,
        }
        quality |= {f"{phase}_{view}_{name}": value for name, value in fields.items()}
    return quality | {f"{phase}_length_mismatch": value for phase, value in measured.length_mismatch.items()}
