"""Scored clips with hearts of known shape."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.evaluation.clip_result import ClipResult
from gdkvm_monai.evaluation.recorded import Recorded
from gdkvm_monai.metrics.segmentation import score_clip

SPACING = (0.5, 0.4)


def ventricle(length: int, width: int) -> np.ndarray:
    """Return half an ellipse with an atrium below it, (96, 128), depth along axis 1."""
    x, y = np.mgrid[:96, :128]
    mask = np.zeros((96, 128), np.uint8)
    mask[((x - 48) / width) ** 2 + ((y - 80) / length) ** 2 < 1] = 1
    mask[(y > 80)] = 0
    mask[(((x - 48) / 15) ** 2 + ((y - 81) / 20) ** 2 < 1) & (y > 80)] = 3
    return mask


def recorded(view: str = "4CH", image_quality: str = "Good", ef_percent: float = 50.0) -> Recorded:
    return Recorded(view, image_quality, ef_percent)


def scored_clip(
    patient: str, view: str = "4CH", shift: int = 0, shorter: int = 0, empty: bool = False, **facts
) -> ClipResult:
    """Return ED and ES of one heart; the prediction may be shifted, shorter at ED, or empty; ``facts`` set fields."""
    label = np.stack([ventricle(60, 20), ventricle(45, 16)], axis=-1)
    prediction = np.roll(np.stack([ventricle(60 - shorter, 20), label[..., 1]], axis=-1), shift, axis=0)
    prediction = np.zeros_like(label) if empty else prediction
    spacing = facts.pop("spacing_mm", SPACING)
    scores = score_clip(prediction, label, spacing, {"LV": (1,), "LA": (3,)})
    ends = {"prediction_ends": prediction, "label_ends": label}
    known = {"clip": f"{view}.dcm", "recorded": recorded(view), "ends_are_phases": True, "num_frames": 2, **facts}
    return ClipResult(patient=patient, view=view, spacing_mm=spacing, scores=scores, **ends, **known)
