"""Numbers about masks: scores of segmentations, volumes, ejection fractions, and how well they agree with a reference.

Distances are in millimeters where a spacing is given (in array-axis order, mm per pixel) and in pixels where not.
"""

from __future__ import annotations

from gdkvm_monai.metrics.bootstrap import bootstrap_interval, compare, patient_means, summarize
from gdkvm_monai.metrics.frame_metric import FrameMetric
from gdkvm_monai.metrics.long_axis import LongAxis, measure_long_axis
from gdkvm_monai.metrics.segmentation import score_clip, score_pair
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
    "area_length_volume_ml",
    "bootstrap_interval",
    "compare",
    "disk_volume_ml",
    "ejection_fraction",
    "measure_ejection_fraction",
    "measure_long_axis",
    "patient_means",
    "score_clip",
    "score_pair",
    "summarize",
    "volume_curve",
]
