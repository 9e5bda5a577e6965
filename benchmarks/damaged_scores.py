"""Scores of the masks of a clip with damaged frames, for ``damaged_clips.py``."""

from __future__ import annotations

import numpy as np
import torch
from monai.metrics import compute_dice
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks.damaged_cases import Case, Damage, ef_percent
from gdkvm_monai.labels import LV
from gdkvm_monai.metrics import second_differences

__all__ = ["SCORES", "roughness", "score"]

SCORES = {
    "lv_damaged": "Dice of the left ventricle on damaged frames",
    "mean_damaged": "mean Dice of the structures on damaged frames",
    "lv_after": "Dice of the left ventricle on the five frames after them",
    "mean_after": "mean Dice of the structures on the five frames after them",
    "ef_error": "absolute error of the ejection fraction, points",
    "roughness": "roughness of the area of the left ventricle",
}
"""Scores of a clip and what they are. The ejection fraction is that of the frames with the largest and the smallest
ventricle, by disks. Roughness is the mean distance of an area from the mean of its two neighbors over the range of the
labels' area; that of the labels stands in the first row of the copied true masks."""


def score(masks: Tensor, case: Case, damage: Damage) -> dict[str, float]:
    """Score class indices ``(H, W, T)``; NaN where there is nothing to score."""
    label = case.label[0]
    dice = _dice(masks, label)  # (T, N - 1)
    found = {}
    for name, frames in (("damaged", damage.frames), ("after", damage.after)):
        some = dice[list(frames)]
        found[f"lv_{name}"] = float(some[:, LV - 1].nanmean())
        found[f"mean_{name}"] = float(some.nanmean(dim=0).nanmean())
    true_area, area = ((x == LV).sum(dim=(0, 1)).numpy() for x in (label, masks))
    found["ef_error"] = abs(ef_percent(masks, case.spacing_mm) - case.ef_percent)
    found["roughness"] = roughness(area, np.ptp(true_area))
    return found


def roughness(area: np.ndarray, span: float) -> float:
    """Return the mean absolute second difference of areas ``(T,)`` as a share of ``span``; NaN for a span of zero."""
    return float(np.nanmean(np.abs(second_differences(area)))) / float(span) if span else np.nan


def _dice(masks: Tensor, label: Tensor) -> Tensor:
    """Return the Dice of each structure and frame, ``(T, N - 1)``; NaN if it is in neither."""
    classes = int(torch.maximum(masks.max(), label.max())) + 1
    both = (one_hot(x.movedim(-1, 0), max(classes, LV + 1)).movedim(-1, 1) for x in (masks, label))  # (T, N, H, W)
    return compute_dice(*both, include_background=False)
