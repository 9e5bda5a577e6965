"""Temporal consistency of a dense segmentation from frame to frame: a diagnostic that complements accuracy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.metrics.spacing import check_spacing

__all__ = ["Motion", "TemporalConsistency", "measure_temporal_consistency", "second_differences"]


def second_differences(values: ArrayLike) -> np.ndarray:
    r"""Measure the deviation of each value from the mean of its neighbors.

    .. math:: d_t = a_t - \frac{a_{t-1} + a_{t+1}}{2}

    Args:
        values: one attribute over time, ``(T,)``.

    Returns:
        Differences ``(T,)``; NaN at the first and the last frame and next to a NaN.

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


@dataclass(frozen=True)
class TemporalConsistency:
    """Motion and change of a structure between the frames of a clip; all series are ``(T,)``, NaN if undefined.

    Attributes:
        unit: unit of lengths, ``"mm"`` or ``"px"``.
        area: area in cm2, or in px2 if ``unit`` is ``"px"``.
        center_0: position of the center along axis 0, in ``unit``.
        center_1: position of the center along axis 1, in ``unit``.
        area_jump: absolute second differences of the area, as a share of the largest area.
        center_jump: length of the second differences of the center, in ``unit``.
        next_dice: Dice with the following frame, in ``[0, 1]``.
    """

    unit: str
    area: np.ndarray
    center_0: np.ndarray
    center_1: np.ndarray
    area_jump: np.ndarray
    center_jump: np.ndarray
    next_dice: np.ndarray

    def summary(self) -> Motion:
        """Reduce the series to their means and worst values."""
        jumps = [_summarize(series, np.max) for series in (self.area_jump, self.center_jump)]
        return Motion(*jumps[0], *jumps[1], *_summarize(self.next_dice, np.min))


@dataclass(frozen=True)
class Motion:
    """Mean and worst values of a :class:`TemporalConsistency` over the frames where they are defined, or NaN.

    Attributes:
        area_jump_mean: mean jump of the area, as a share of the largest area.
        area_jump_worst: largest jump of the area, as a share of the largest area.
        center_jump_mean: mean jump of the center, in mm or px.
        center_jump_worst: largest jump of the center, in mm or px.
        next_dice_mean: mean Dice of neighboring frames, in ``[0, 1]``.
        next_dice_worst: smallest Dice of neighboring frames, in ``[0, 1]``.
    """

    area_jump_mean: float = np.nan
    area_jump_worst: float = np.nan
    center_jump_mean: float = np.nan
    center_jump_worst: float = np.nan
    next_dice_mean: float = np.nan
    next_dice_worst: float = np.nan


def measure_temporal_consistency(
    clip: ArrayLike, spacing_mm: Sequence[float] | None = None, values: Sequence[int] = (LV,)
) -> TemporalConsistency:
    """Measure how a structure moves and changes between the frames of a dense clip.

    A large jump means flicker or a fast heart: compare it with the jumps of the reference in the same frames, never
    across frame rates. Neighboring frames are compared only if both are annotated and contain the structure.

    Args:
        clip: class indices ``(H, W, T)`` of consecutive frames: a prediction, or a label of all frames.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` to measure in pixels.
        values: class indices of the structure.

    Returns:
        Area, center, and their jumps in each frame.

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
    common = (masks[:-1] & masks[1:]).sum(axis=(1, 2))
    return TemporalConsistency(
        unit="px" if spacing_mm is None else "mm",
        area=area,
        center_0=centers[0],
        center_1=centers[1],
        area_jump=np.abs(second_differences(area)) / (np.nanmax(area) if np.isfinite(area).any() else np.nan),
        center_jump=np.hypot(second_differences(centers[0]), second_differences(centers[1])),
        next_dice=np.append(2 * common / (pixels[:-1] + pixels[1:]), np.nan),
    )


def _center(mask: np.ndarray, step: np.ndarray) -> np.ndarray:
    pixels = np.argwhere(mask)
    return pixels.mean(axis=0) * step if len(pixels) else np.full(2, np.nan)


def _summarize(series: np.ndarray, worst: Callable[[np.ndarray], float]) -> tuple[float, float]:
    known = series[np.isfinite(series)]
    return (float(known.mean()), float(worst(known))) if len(known) else (np.nan, np.nan)
