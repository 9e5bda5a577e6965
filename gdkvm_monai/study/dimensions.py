"""Sizes of the left heart, its motion, and derived quantities: records of ``measurements.json``."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from gdkvm_monai.study.record_types import STRICT, NotNegative, Positive, Sex

__all__ = ["AtriumSize", "BeatDimensions", "Dimensions", "Patient", "VentricleSize"]


@dataclass(frozen=True, config=STRICT)
class VentricleSize:
    """Size of the left ventricle in one frame, in the plane of the image."""

    length_mm: NotNegative | None
    """from the middle of the mitral annulus to the apex"""
    basal_diameter_mm: NotNegative | None
    """across the long axis, in the middle of the basal third"""
    mid_diameter_mm: NotNegative | None
    """in the middle of the length"""
    apical_diameter_mm: NotNegative | None
    """in the middle of the apical third"""


@dataclass(frozen=True, config=STRICT)
class AtriumSize:
    """Size of the left atrium in one frame, in the plane of the image."""

    length_mm: NotNegative | None
    area_cm2: NotNegative | None
    area_length_ml: NotNegative | None
    """volume by the area-length method, single plane"""
    disks_ml: NotNegative | None
    """volume by the method of disks, single plane"""


@dataclass(frozen=True, config=STRICT)
class BeatDimensions:
    """Sizes and motion in one beat, or their means over the beats in which each is known."""

    ed: VentricleSize
    """left ventricle at end-diastole"""
    es: VentricleSize
    """left ventricle at end-systole"""
    es_atrium: AtriumSize
    """left atrium at end-systole of the ventricle, when it is largest"""
    fractional_area_change_percent: float | None
    mitral_displacement_mm: float | None
    """motion of the middle of the mitral annulus toward the apex, from end-diastole to end-systole"""
    longitudinal_strain_percent: float | None
    """change of the length of the endocardial outline; from the contours, not from speckle tracking"""


@dataclass(frozen=True, config=STRICT)
class Patient:
    """What the measurements need to know about the patient; nothing else about the patient is in the results."""

    sex: Sex | None
    """F or M, as stated by the user or the DICOM header"""
    body_surface_area_m2: Positive | None
    """as stated by the user, or by Du Bois from height and weight in the DICOM header"""


@dataclass(frozen=True, config=STRICT)
class Dimensions:
    """Sizes of the left heart and its motion."""

    beats: tuple[BeatDimensions, ...]
    """in the order of the beats"""
    mean: BeatDimensions
    """means over the beats that are marked ``in_mean``"""
    patient: Patient
    header_heart_rate_bpm: Positive | None
    """heart rate that the DICOM header states; that of the clip is with its phases"""
    cardiac_output_l_min: float | None
    """mean stroke volume times heart rate"""
    cardiac_output_rate: Literal["clip", "header"] | None
    """whose heart rate the cardiac output is computed with"""
    la_volume_index_ml_m2: NotNegative | None
    """left atrial volume by disks at end-systole, divided by the body surface area"""
