"""Ejection fractions of an evaluation, measured alike in prediction and reference, and their agreement."""

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
"""Quantities for which agreement is measured."""


@dataclass(frozen=True)
class PatientEjectionFraction:
    """Ejection fraction of one patient by one method, measured in the predicted and the reference masks.

    Attributes:
        patient: identifier of the patient.
        views: measured views, for example ``"4CH+2CH"``.
        predicted: measurement in the predicted masks.
        reference: measurement in the reference masks.
        dataset_ef_percent: ejection fraction given in the data set, or NaN.
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
        """Return the columns of ``ef_per_patient.csv``; the last ones are the quality fields of both measurements."""
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
    """Measure each patient by the method of disks: each view alone, and biplane if both views are available.

    Args:
        clips: one per patient and view; clips whose ends are not ED and ES, or are not annotated, are omitted.

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
    """Measure the agreement of each method's EF and volumes with the reference masks, and of its EF with the data set.

    Returns:
        Agreement by method and comparison, for comparisons with at least two complete pairs.
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
    """Plot the agreement of each method's EF with the reference masks if at least two pairs are complete."""
    for method, rows in _by_method(table).items():
        values = np.array([(row.predicted.ef_percent, row.reference.ef_percent) for row in rows])
        if np.isfinite(values).all(axis=1).sum() > 1:
            save_figure(plot_agreement(*values.T, "EF", "%"), folder / f"ef_{method}")


def _by_method(table: Sequence[PatientEjectionFraction]) -> dict[str, list[PatientEjectionFraction]]:
    return {method: [row for row in table if row.method == method] for method in dict.fromkeys(r.method for r in table)}


def _measure(clips: Sequence[ClipResult]) -> PatientEjectionFraction:
    """Measure one patient in one or two views."""
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
    """Return the quality fields of each frame, and the relative difference of the lengths in two views."""
    quality: dict[str, str | int | float] = {}
    for (phase, view), ventricle in measured.ventricles.items():
        axis = ventricle.long_axis
        fields = {
            "axis": axis.method,
            f"length_{measured.unit}": axis.length,
            f"base_width_{measured.unit}": axis.base_width,
            "parts": ventricle.cavity.parts,
            "hole_pixels": ventricle.cavity.hole_pixels,
            "border_fraction": ventricle.cavity.border_fraction,
        }
        quality |= {f"{phase}_{view}_{name}": value for name, value in fields.items()}
    return quality | {f"{phase}_length_mismatch": value for phase, value in measured.length_mismatch.items()}
