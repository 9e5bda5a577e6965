"""Ejection fractions of an evaluation, measured alike in prediction and reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gdkvm_monai.evaluation.clip_result import ClipResult
from gdkvm_monai.evaluation.recorded import combine_ef
from gdkvm_monai.labels import UNLABELED, VIEWS
from gdkvm_monai.metrics.ejection_fraction import EjectionFraction, measure_ejection_fraction

__all__ = ["BIPLANE_RULE", "QUANTITIES", "PatientEjectionFraction", "ef_table"]

QUANTITIES = ("ef_percent", "edv_ml", "esv_ml")
"""Quantities for which agreement is measured."""

BIPLANE_RULE = "of several clips of a patient and view, the one whose reference ventricle is longest at end-diastole"
"""Clip that enters biplane and agreement: the least foreshortened one, chosen without looking at the prediction."""


@dataclass(frozen=True)
class PatientEjectionFraction:
    """Ejection fraction of one patient by one method, measured in the predicted and the reference masks.

    Attributes:
        patient: identifier of the patient.
        views: measured views, for example ``"4CH+2CH"``.
        clips: measured clips, in the order of the views.
        predicted: measurement in the predicted masks.
        reference: measurement in the reference masks.
        image_quality: recorded image quality of the clips, see :class:`~gdkvm_monai.evaluation.clip_result.ClipResult`.
        recorded_ef_percent: ejection fraction that the data set states, or NaN.
        recorded_view: views for which it states it.
        counted: whether the row enters agreement, see ``BIPLANE_RULE``; all rows are listed.
    """

    patient: str
    views: str
    clips: str
    predicted: EjectionFraction
    reference: EjectionFraction
    image_quality: str
    recorded_ef_percent: float
    recorded_view: str
    counted: bool = True

    @property
    def method(self) -> str:
        """Identifier of the method."""
        return self.predicted.method

    def columns(self) -> dict[str, str | int | float]:
        """Return the columns of ``ef_per_patient.csv``; the last ones are the quality fields of both measurements."""
        sides = {"predicted": self.predicted, "reference": self.reference}
        columns: dict[str, str | int | float] = {"patient": self.patient, "views": self.views, "method": self.method}
        columns |= {"clips": self.clips, "counted": self.counted, "image_quality": self.image_quality}
        for name, measured in sides.items():
            columns |= {f"{name}_{key}": getattr(measured, key) for key in ("edv_ml", "esv_ml", "ef_percent")}
            columns |= {f"{name}_flags": "; ".join(measured.flags), f"{name}_reason": measured.reason}
        columns |= {name: getattr(self, name) for name in ("recorded_ef_percent", "recorded_view")}
        for name, measured in sides.items():
            columns |= {f"{name}_{key}": value for key, value in _quality(measured).items()}
        return columns


def ef_table(clips: Sequence[ClipResult]) -> list[PatientEjectionFraction]:
    """Measure each patient by the method of disks: each clip alone, and biplane if both views are available.

    A clip without a spacing is also measured by the area-length method, as both give its EF but no volumes.

    Args:
        clips: clips whose ends are not ED and ES, or are not annotated, are omitted.

    Returns:
        One entry per clip, and one per patient with both views; biplane takes one clip of each view, ``BIPLANE_RULE``.
    """
    usable = [clip for clip in clips if clip.ends_are_phases and clip.view in VIEWS and clip.num_frames > 1]
    usable = [clip for clip in usable if not (clip.label_ends == UNLABELED).any()]
    patients: dict[str, dict[str, list[ClipResult]]] = {}
    for clip in usable:
        patients.setdefault(clip.patient, {}).setdefault(clip.view, []).append(clip)
    return [row for views in patients.values() for row in _measure_patient(views)]


def _measure_patient(views: Mapping[str, Sequence[ClipResult]]) -> Iterator[PatientEjectionFraction]:
    chosen = []
    for clips in views.values():
        rows = [_measure([clip]) for clip in clips]
        best = max(range(len(rows)), key=lambda position: _reference_length(rows[position]))
        chosen.append(clips[best])
        yield from (replace(row, counted=position == best) for position, row in enumerate(rows))
        unscaled = ((position, clip) for position, clip in enumerate(clips) if clip.spacing_mm is None)
        yield from (replace(_measure([clip], "area_length"), counted=position == best) for position, clip in unscaled)
    if len(chosen) == 2:
        yield _measure(chosen)


def _reference_length(row: PatientEjectionFraction) -> float:
    ventricle = row.reference.ventricles.get(("ed", row.views))
    return -np.inf if ventricle is None else ventricle.length


def _measure(clips: Sequence[ClipResult], method: str = "disks") -> PatientEjectionFraction:
    """Measure one patient in one or two views."""
    spacing = {clip.view: clip.spacing_mm for clip in clips}
    spacing_mm = None if None in spacing.values() else spacing
    sides = []
    for masks in ({clip.view: clip.prediction_ends for clip in clips}, {clip.view: clip.label_ends for clip in clips}):
        ed, es = ({view: ends[..., end] for view, ends in masks.items()} for end in (0, 1))
        sides.append(measure_ejection_fraction(ed, es, spacing_mm, method, depth_axis=1))
    views, names = ("+".join(values) for values in zip(*[(clip.view, clip.clip) for clip in clips]))
    quality = "+".join(dict.fromkeys(clip.image_quality for clip in clips))
    recorded = combine_ef([clip.recorded for clip in clips])
    return PatientEjectionFraction(clips[0].patient, views, names, *sides, quality, *recorded)


def _quality(measured: EjectionFraction) -> dict[str, str | int | float]:
    """Return the quality fields of each frame, and the relative difference of the lengths in two views."""
    quality: dict[str, str | int | float] = {}
    for (phase, view), ventricle in measured.ventricles.items():
        axis = ventricle.long_axis  # of the method of disks alone
        fields = {} if axis is None else {"axis": axis.method, f"base_width_{measured.unit}": axis.base_width}
        fields |= {
            f"length_{measured.unit}": ventricle.length,
            "parts": ventricle.cavity.parts,
            "hole_pixels": ventricle.cavity.hole_pixels,
            "border_fraction": ventricle.cavity.border_fraction,
        }
        quality |= {f"{phase}_{view}_{name}": value for name, value in fields.items()}
    return quality | {f"{phase}_length_mismatch": value for phase, value in measured.length_mismatch.items()}
