"""Measurement of the sizes of the left heart and its motion in every beat of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import numpy as np

from gdkvm_monai.metrics.frame_measurements import FrameMeasurement
from gdkvm_monai.metrics.hemodynamics import cardiac_output_l_min
from gdkvm_monai.metrics.wall_motion import fractional_area_change, longitudinal_strain, mitral_displacement
from gdkvm_monai.study.dimensions import AtriumSize, BeatDimensions, Dimensions, Patient, VentricleSize
from gdkvm_monai.study.measurements import Beat, ClipNumbers
from gdkvm_monai.study.missing_values import none_if_unknown
from gdkvm_monai.study.segmented_frame import SegmentedFrame

__all__ = ["UNKNOWN_PATIENT", "with_dimensions"]

UNKNOWN_PATIENT = Patient(None, None)
NO_VENTRICLE, NO_ATRIUM = VentricleSize(None, None, None, None), AtriumSize(None, None, None, None)
NOTHING = BeatDimensions(NO_VENTRICLE, NO_VENTRICLE, NO_ATRIUM, None, None, None)

Record = TypeVar("Record")


def with_dimensions(
    numbers: ClipNumbers,
    frames: Sequence[SegmentedFrame],
    patient: Patient = UNKNOWN_PATIENT,
    header_heart_rate_bpm: float | None = None,
) -> ClipNumbers:
    """Add the sizes of the left heart and its motion to the measurements of a clip.

    They are measured in the frames of end-diastole and end-systole of every beat. Lengths, areas, and volumes need a
    pixel spacing; shares need none and assume square pixels without one. The cardiac output takes the heart rate of the
    clip or, if it has none, that of the header.

    Args:
        numbers: result of :func:`~gdkvm_monai.study.measure.measure_clip`.
        frames: measurements of each frame.
        patient: what is known about the patient.
        header_heart_rate_bpm: heart rate that the DICOM header states.
    """
    in_mm = numbers.clip.spacing_mm is not None
    beats = tuple(_measure_beat(beat, frames, in_mm) for beat in numbers.beats)
    counted = [own for own, beat in zip(beats, numbers.beats) if beat.in_mean]
    mean = _mean(counted, NOTHING)
    rates = {"clip": numbers.phases.heart_rate_bpm, "header": header_heart_rate_bpm}
    source = next((name for name, rate in rates.items() if rate is not None), None)
    output = None
    if source is not None and numbers.mean.sv_ml is not None:
        output = none_if_unknown(cardiac_output_l_min(numbers.mean.sv_ml, rates[source]))
    volume_ml, area_m2 = mean.es_atrium.disks_ml, patient.body_surface_area_m2
    dimensions = Dimensions(
        beats=beats,
        mean=mean,
        patient=patient,
        header_heart_rate_bpm=header_heart_rate_bpm,
        cardiac_output_l_min=output,
        cardiac_output_rate=None if output is None else source,
        la_volume_index_ml_m2=None if volume_ml is None or area_m2 is None else none_if_unknown(volume_ml / area_m2),
    )
    return replace(numbers, dimensions=dimensions)


def _measure_beat(beat: Beat, frames: Sequence[SegmentedFrame], in_mm: bool) -> BeatDimensions:
    ed, es = (frames[frame].measured for frame in (beat.ed_frame, beat.es_frame))
    area_change = displacement = strain = np.nan
    if ed.chambers and es.chambers:
        area_change = fractional_area_change(ed.areas_px["LV"], es.areas_px["LV"])
    if ed.chambers and es.chambers and ed.base_rule == es.base_rule:  # otherwise the rules differ, not the heart
        displacement = mitral_displacement(ed.chambers.base, ed.chambers.apex, es.chambers.base)
        strain = longitudinal_strain(ed.chambers.wall_length, es.chambers.wall_length)
        if strain * area_change > 0:  # the wall lengthens while the cavity shrinks: its ends are not the same places
            strain = np.nan
    return BeatDimensions(
        ed=_ventricle_size(ed) if in_mm else NO_VENTRICLE,
        es=_ventricle_size(es) if in_mm else NO_VENTRICLE,
        es_atrium=_atrium_size(es),
        fractional_area_change_percent=none_if_unknown(area_change),
        mitral_displacement_mm=none_if_unknown(displacement) if in_mm else None,
        longitudinal_strain_percent=none_if_unknown(strain),
    )


def _ventricle_size(frame: FrameMeasurement) -> VentricleSize:
    if frame.chambers is None:
        return NO_VENTRICLE
    diameters = {f"{level}_diameter_mm": none_if_unknown(width) for level, width in frame.chambers.diameters.items()}
    return VentricleSize(length_mm=none_if_unknown(frame.length), **diameters)


def _atrium_size(frame: FrameMeasurement) -> AtriumSize:
    if frame.chambers is None or frame.chambers.left_atrium is None:
        return NO_ATRIUM
    return AtriumSize(**{name: none_if_unknown(value) for name, value in vars(frame.chambers.left_atrium).items()})


def _mean(records: Sequence[Record], nothing: Record) -> Record:
    """Return the means of each number over the records in which it is known; ``nothing`` without records."""
    if not records:
        return nothing
    values = {}
    for field in fields(nothing):
        own = [getattr(record, field.name) for record in records]
        if is_dataclass(own[0]):
            values[field.name] = _mean(own, own[0])
        else:
            known = [value for value in own if value is not None]
            values[field.name] = none_if_unknown(np.mean(known)) if known else None
    return type(nothing)(**values)
