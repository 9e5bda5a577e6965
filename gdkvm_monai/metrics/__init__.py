"""Measurements of masks: segmentation scores, volumes, ejection fractions, and their agreement with a reference.

Distances are in millimeters if a spacing is given (mm per pixel, in array-axis order) and in pixels otherwise.
"""

from __future__ import annotations

from gdkvm_monai.metrics.agreement import Agreement, measure_agreement
from gdkvm_monai.metrics.anatomy import Anatomy, check_anatomy
from gdkvm_monai.metrics.beats import BeatEjectionFraction, MeanEjectionFraction, measure_beats
from gdkvm_monai.metrics.cavity import Cavity, Flag, find_cavity
from gdkvm_monai.metrics.curves import area_curve, volume_curve
from gdkvm_monai.metrics.ejection_fraction import EjectionFraction, measure_ejection_fraction
from gdkvm_monai.metrics.frame_measurements import FrameMeasurement, measure_frame
from gdkvm_monai.metrics.frame_metric import FrameMetric
from gdkvm_monai.metrics.hemodynamics import body_surface_area_m2, cardiac_output_l_min
from gdkvm_monai.metrics.left_atrium import LeftAtrium, measure_left_atrium
from gdkvm_monai.metrics.long_axis import LongAxis, measure_long_axis
from gdkvm_monai.metrics.phases import Phases, find_phases
from gdkvm_monai.metrics.reference_ranges import ReferenceRange, reference_ranges
from gdkvm_monai.metrics.scores import FrameScores, PairScores
from gdkvm_monai.metrics.segmentation import score_clip, score_pair
from gdkvm_monai.metrics.temporal import Motion, TemporalConsistency, measure_temporal_consistency, second_differences
from gdkvm_monai.metrics.volume import Volumes, area_length_volume_ml, disk_volume_ml, ejection_fraction
from gdkvm_monai.metrics.wall_motion import (
    fractional_area_change,
    longitudinal_strain,
    mitral_displacement,
    wall_length,
)

__all__ = [
    "Agreement",
    "Anatomy",
    "BeatEjectionFraction",
    "Cavity",
    "EjectionFraction",
    "Flag",
    "FrameMeasurement",
    "FrameMetric",
    "FrameScores",
    "LeftAtrium",
    "LongAxis",
    "MeanEjectionFraction",
    "Motion",
    "PairScores",
    "Phases",
    "ReferenceRange",
    "TemporalConsistency",
    "Volumes",
    "area_curve",
    "area_length_volume_ml",
    "body_surface_area_m2",
    "cardiac_output_l_min",
    "check_anatomy",
    "disk_volume_ml",
    "ejection_fraction",
    "find_cavity",
    "find_phases",
    "fractional_area_change",
    "longitudinal_strain",
    "measure_agreement",
    "measure_beats",
    "measure_ejection_fraction",
    "measure_frame",
    "measure_left_atrium",
    "measure_long_axis",
    "measure_temporal_consistency",
    "mitral_displacement",
    "reference_ranges",
    "score_clip",
    "score_pair",
    "second_differences",
    "volume_curve",
    "wall_length",
]
