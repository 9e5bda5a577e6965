"""Numbers about masks: scores of segmentations with their intervals, one function or class per notion.

Distances are in millimeters where a spacing is given (in array-axis order, mm per pixel) and in pixels where not.
"""

from __future__ import annotations

from gdkvm_monai.metrics.bootstrap import bootstrap_interval, compare, patient_means, summarize
from gdkvm_monai.metrics.frame_metric import FrameMetric
from gdkvm_monai.metrics.segmentation import score_clip, score_pair

__all__ = ["FrameMetric", "bootstrap_interval", "compare", "patient_means", "score_clip", "score_pair", "summarize"]
