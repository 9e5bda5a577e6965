"""Numbers about masks: scores of segmentations, volumes, ejection fractions, and how well they agree with a reference.

Distances are in millimeters where a spacing is given (in array-axis order, mm per pixel) and in pixels where not.
"""

from __future__ import annotations

from gdkvm_monai.metrics.anatomy import check_anatomy
from gdkvm_monai.metrics.frame_metric import FrameMetric
from gdkvm_monai.metrics.long_axis import LongAxis, measure_long_axis
from gdkvm_monai.metrics.phases import Phases, area_curve, beat_ejection_fractions, find_phases
from gdkvm_monai.metrics.segmentation import score_clip, score_pair
from gdkvm_monai.metrics.temporal import measure_temporal_consistency, second_differences
from gdkvm_monai.metrics.volume import (
    area_length_volume_ml,
    disk_volume_ml,
    ejection_fraction,
    measure_ejection_fraction,
    volume_curve,
)

__all__ = [
    "FrameMetric",
    "LongAxis",
    "Phases",
    "area_curve",
    "area_length_volume_ml",
    "beat_ejection_fractions",
    "check_anatomy",
    "disk_volume_ml",
    "ejection_fraction",
    "find_phases",
    "measure_ejection_fraction",
    "measure_long_axis",
    "measure_temporal_consistency",
    "score_clip",
    "score_pair",
    "second_differences",
    "volume_curve",
]
