"""How smoothly a dense segmentation changes from frame to frame: a diagnostic beside its accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.metrics.segmentation import check_spacing


def second_differences(values: ArrayLike) -> np.ndarray:
    r"""Measure how far each value lies from the middle of its neighbors.

    .. math:: d_t = a_t - \frac{a_{t-1} + a_{t+1}}{2}

    Args:
        values: one attribute over time, ``(T,)``.

    Returns:
        Differences ``(T,)``; NaN on the first and the last frame and beside a NaN.

    References:
        Painchaud et al., "Echocardiography segmentation with enforced temporal consistency", IEEE TMI 41(10), 2022.

    Example:
        >>> second_differences([1.0, 2.0, 5.0, 4.0])
        array([nan, -1.,  2., nan])
    """
    values = np.asarray(values, float)
    differences = np.full(values.shape, np.nan)
    differences[1:-1] = values[1:-1] - (values[:-2] + values[2:]) / 2
    return differences


def measure_temporal_consistency(
    clip: ArrayLike, spacing_mm: Sequence[float] | None = None, values: Sequence[int] = (LV,)
) -> dict[str, np.ndarray | float | str]:
    """Measure how a structure moves and changes between the frames of a dense clip.

    A high value is a flicker or a fast heart: compare it with that of the reference on the same frames, never across
    frame rates. Only neighboring frames that are both annotated, and both hold the structure, are compared.

    Args:
        clip: class indices ``(H, W, T)``, of consecutive frames; a prediction, or a label of every frame.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` to measure in pixels.
        values: class indices of the structure.

    Returns:
        Per frame, ``(T,)``, NaN where undefined: ``area`` (cm2 or px2) and ``center_0``, ``center_1`` (mm or px);
        their second differences ``area_jump``, as a share of the largest area, and ``center_jump`` (mm or px);
        ``next_dice``, the Dice with the following frame. And of each of these three, over the frames where it is
        defined, ``..._mean`` and ``..._worst`` (the largest jump, the smallest Dice); ``unit``.

    Raises:
        ValueError: if the clip is not 3-D.
    """
    clip = convert_to_numpy(clip)
    if clip.ndim != 3:
        raise ValueError(f"clip must be class indices of shape (H, W, T), got {clip.shape}.")
    step = np.array(check_spacing(spacing_mm))
    masks = np.moveaxis(np.isin(clip, values), -1, 0)  # (T, H, W)
    pixels = masks.sum(axis=(1, 2)).astype(float)
    pixels[(clip == UNLABELED).any(axis=(0, 1)) | (pixels == 0)] = np.nan
    area = pixels * step.prod() / (1 if spacing_mm is None else 100)
    centers = np.stack([_center(mask, step) for mask in masks], axis=1)  # (2, T)
    centers[:, np.isnan(pixels)] = np.nan
    jumps = {
        "area_jump": np.abs(second_differences(area)) / (np.nanmax(area) if np.isfinite(area).any() else np.nan),
        "center_jump": np.hypot(second_differences(centers[0]), second_differences(centers[1])),
    }
    common = (masks[:-1] & masks[1:]).sum(axis=(1, 2))
    next_dice = np.append(2 * common / (pixels[:-1] + pixels[1:]), np.nan)
    result = {"unit": "px" if spacing_mm is None else "mm", "area": area}
    result |= {"center_0": centers[0], "center_1": centers[1], **jumps, "next_dice": next_dice}
    for name, series, worst in (
        *((name, jump, np.max) for name, jump in jumps.items()),
        ("next_dice", next_dice, np.min),
    ):
        known = series[np.isfinite(series)]
        result[f"{name}_mean"] = float(known.mean()) if len(known) else np.nan
        result[f"{name}_worst"] = float(worst(known)) if len(known) else np.nan
    return result


def _center(mask: np.ndarray, step: np.ndarray) -> np.ndarray:
    pixels = np.argwhere(mask)
    return pixels.mean(axis=0) * step if len(pixels) else np.full(2, np.nan)
