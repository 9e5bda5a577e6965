"""Whether a segmented frame could be a heart: a diagnostic beside its accuracy, label-free."""

from __future__ import annotations

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from scipy.ndimage import binary_dilation, binary_fill_holes
from skimage.measure import label

from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, STRUCTURES, UNLABELED

LEAK = 0.05
"""Share of the cavity's outline that may touch background, beyond which the cavity is not enclosed."""


def check_anatomy(frame: ArrayLike) -> dict[str, int | float | bool]:
    """Count what a heart in an apical view cannot have.

    A check is made only where its structures are present, so that it also serves masks of the cavity alone.

    Args:
        frame: class indices ``(H, W)``.

    Returns:
        For each structure of ``STRUCTURES``: ``LV_parts`` (8-connected), ``LV_holes`` (4-connected background or
        other structure enclosed by it; the myocardium is judged together with the cavity it surrounds) and
        ``LV_on_border`` (it touches the border of the image). For the frame: ``lv_leak``, the share of the cavity's
        outer pixels that touch background instead of myocardium or atrium, NaN without a myocardium; ``la_contact``,
        whether the atrium touches the cavity or the myocardium, ``la_touches_lv``, whether it touches the cavity;
        both False without an atrium or a cavity; and ``valid``: the cavity is there, no structure has more than one
        part or a hole, the leak is at most ``LEAK``, and an atrium that is there touches the cavity.

    Raises:
        ValueError: if the frame is not 2-D or not annotated.

    References:
        Painchaud et al., "Cardiac segmentation with strong anatomical guarantees", IEEE TMI 39(11), 2020.
    """
    frame = convert_to_numpy(frame)
    if frame.ndim != 2:
        raise ValueError(f"frame must be class indices of shape (H, W), got {frame.shape}.")
    if (frame == UNLABELED).any():
        raise ValueError("the frame is not annotated; pass frames with a label only.")
    result: dict[str, int | float | bool] = {}
    for name, values in STRUCTURES.items():
        mask = np.isin(frame, values)
        whole = np.isin(frame, (LV, MYOCARDIUM)) if name == "MYO" and mask.any() else mask
        result[f"{name}_parts"] = int(label(mask, connectivity=2).max())
        result[f"{name}_holes"] = int(label(binary_fill_holes(whole) & ~whole, connectivity=1).max())
        result[f"{name}_on_border"] = bool(mask.any() and mask.sum() > mask[1:-1, 1:-1].sum())
    cavity, atrium = frame == LV, frame == LEFT_ATRIUM
    around_cavity = binary_dilation(cavity, np.ones((3, 3)))
    result["lv_leak"] = _leak(frame)
    result["la_touches_lv"] = bool((atrium & around_cavity).any())
    result["la_contact"] = bool((atrium & binary_dilation(np.isin(frame, (LV, MYOCARDIUM)), np.ones((3, 3)))).any())
    whole_parts = all(result[f"{name}_parts"] <= 1 and result[f"{name}_holes"] == 0 for name in STRUCTURES)
    enclosed = not result["lv_leak"] > LEAK
    result["valid"] = bool(cavity.any() and whole_parts and enclosed and (result["la_touches_lv"] or not atrium.any()))
    return result


def _leak(frame: np.ndarray) -> float:
    """Share of the ring around the cavity, one pixel wide, that is background."""
    cavity = frame == LV
    ring = binary_dilation(cavity) & ~cavity
    if not (frame == MYOCARDIUM).any() or not ring.any():
        return np.nan
    return float((frame[ring] == BACKGROUND).mean())
