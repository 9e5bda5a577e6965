"""Overlap and surface-distance scores of one binary frame, and of each frame and structure of a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike

from gdkvm_monai.labels import SCORED_STRUCTURES, UNLABELED
from gdkvm_monai.metrics.row_scores import score_rows
from gdkvm_monai.metrics.scores import FrameScores, PairScores
from gdkvm_monai.metrics.spacing import check_spacing
from gdkvm_monai.metrics.surface import surface_distances

__all__ = ["TOLERANCES", "score_clip", "score_pair"]

TOLERANCES = (1.0, 2.0)
"""Tolerances of the surface Dice, in mm or pixels; chosen before any results were seen."""


def score_pair(
    prediction: ArrayLike,
    label: ArrayLike,
    spacing: Sequence[float] | None = None,
    tolerances: Sequence[float] = TOLERANCES,
    legacy: bool = False,
    depth_axis: int = 0,
    distances: bool = True,
) -> PairScores:
    r"""Score one binary mask :math:`P` against its label :math:`G`.

    .. math:: \text{Dice} = \frac{2 |P \cap G|}{|P| + |G|} \qquad \text{IoU} = \frac{|P \cap G|}{|P \cup G|}

    The surface of a mask consists of the pixels that one 4-connected erosion removes, with background outside the
    image. Distances are Euclidean, between pixel centers, from each surface to the other: ``hd`` is the larger of the
    two directed maxima, ``hd95`` the larger of the two directed 95 % quantiles, ``asd`` the mean over the points of
    both surfaces, and ``nsd[t]`` the share of these points within ``t`` of the other surface. If neither mask is empty,
    the values equal those of MONAI's ``compute_hausdorff_distance``,
    ``compute_average_surface_distance(symmetric=True)``, and ``compute_surface_dice``, in double precision and from
    one pair of distance transforms.

    Args:
        prediction: binary mask ``(H, W)``.
        label: binary mask ``(H, W)``.
        spacing: mm per pixel of axis 0 and axis 1, or ``None`` to measure in pixels.
        tolerances: tolerances of the surface Dice, in mm, or in pixels if ``spacing`` is ``None``.
        legacy: also score image rows, see :func:`~gdkvm_monai.metrics.row_scores.score_rows`; do not report these as
            main results.
        depth_axis: axis along which depth runs, for the rows of the legacy scores: 0 in an upright picture, 1 in an
            array loaded from NIfTI.
        distances: also measure distances; False scores only Dice and IoU, which is faster.

    Returns:
        The scores. If one mask is empty, Dice, IoU, and surface Dice are 0 and distances are the diagonal of the field
        of view between its corner pixels; if both are empty, all scores are NaN and do not count in a mean.

    Raises:
        ValueError: if the masks are not binary, not 2-D, or differ in shape, or the spacing is not positive.

    References:
        Maier-Hein et al., "Metrics reloaded", Nature Methods 2024. Surface Dice: Nikolov et al., JMIR 2021.

    Example:
        >>> label, prediction = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
        >>> label[1:3, 1:3], prediction[1:3, 1:4] = True, True
        >>> scores = score_pair(prediction, label)
        >>> scores.dice, scores.hd, scores.asd, scores.unit
        (0.8, 1.0, 0.2, 'px')
    """
    prediction, label = _binary(prediction, "prediction"), _binary(label, "label")
    if prediction.shape != label.shape:
        raise ValueError(f"prediction {prediction.shape} and label {label.shape} must have the same shape.")
    step = check_spacing(spacing)
    sizes = int(prediction.sum()), int(label.sum())
    status = ("both_empty", "one_empty", "ok")[sum(size > 0 for size in sizes)]
    if status == "ok":
        common = int((prediction & label).sum())
        overlap = {"dice": 2 * common / sum(sizes), "iou": common / (sum(sizes) - common)}
    else:
        overlap = dict.fromkeys(("dice", "iou"), 0.0 if status == "one_empty" else np.nan)
    measure = _distance_scores if status == "ok" else _empty_distance_scores
    measured = measure(prediction, label, step, tolerances) if distances else {}
    row_dice, row_iou = score_rows(prediction, label, depth_axis) if legacy else (None, None)
    unit = "px" if spacing is None else "mm"
    return PairScores(status, unit, **overlap, **measured, legacy_row_dice=row_dice, legacy_row_iou=row_iou)


def score_clip(
    prediction: ArrayLike,
    label: ArrayLike,
    spacing: Sequence[float] | None = None,
    structures: Mapping[str, Sequence[int]] = SCORED_STRUCTURES,
    tolerances: Sequence[float] = TOLERANCES,
    legacy: bool = False,
    depth_axis: int = 0,
    distances: bool = True,
) -> list[FrameScores]:
    """Score each structure in each annotated frame of a clip; frames are scored separately, never as a volume.

    Args:
        prediction: class indices ``(H, W, T)``.
        label: class indices ``(H, W, T)``; a frame that contains ``UNLABELED`` is not scored.
        spacing: mm per pixel of axis 0 and axis 1, or ``None`` to measure in pixels.
        structures: class indices of each structure, by name.
        tolerances: see :func:`score_pair`.
        legacy: see :func:`score_pair`.
        depth_axis: see :func:`score_pair`.
        distances: see :func:`score_pair`.

    Returns:
        The scores of each annotated frame and structure, frame by frame.

    Raises:
        ValueError: if the clips are not 3-D or differ in shape.
    """
    prediction, label = convert_to_numpy(prediction), convert_to_numpy(label)
    if prediction.shape != label.shape or label.ndim != 3:
        raise ValueError(
            f"prediction {prediction.shape} and label {label.shape} must be class indices of one shape (H, W, T)."
        )
    frames = np.flatnonzero(~(label == UNLABELED).any(axis=(0, 1)))
    options = (spacing, tolerances, legacy, depth_axis, distances)
    return [
        FrameScores(
            int(frame),
            name,
            score_pair(np.isin(prediction[..., frame], values), np.isin(label[..., frame], values), *options),
        )
        for frame in frames
        for name, values in structures.items()
    ]


Distances = dict[str, float | dict[float, float]]


def _distance_scores(
    prediction: np.ndarray, label: np.ndarray, step: Sequence[float], tolerances: Sequence[float]
) -> Distances:
    forth, back = surface_distances(prediction, label, step)
    pooled = np.concatenate([forth, back])
    return {
        "hd": float(pooled.max()),
        "hd95": float(max(np.quantile(forth, 0.95), np.quantile(back, 0.95))),
        "asd": float(pooled.mean()),
        "nsd": {tolerance: float(np.mean(pooled <= tolerance)) for tolerance in tolerances},
    }


def _empty_distance_scores(
    prediction: np.ndarray, label: np.ndarray, step: Sequence[float], tolerances: Sequence[float]
) -> Distances:
    one_empty = prediction.any() or label.any()
    rows, columns = label.shape
    worst = float(np.hypot((rows - 1) * step[0], (columns - 1) * step[1])) if one_empty else np.nan
    return {
        **dict.fromkeys(("hd", "hd95", "asd"), worst),
        "nsd": dict.fromkeys(tolerances, 0.0 if one_empty else np.nan),
    }


def _binary(mask: ArrayLike, name: str) -> np.ndarray:
    mask = np.asarray(convert_to_numpy(mask))
    if mask.ndim != 2:
        raise ValueError(f"{name} must be one binary frame of shape (H, W), got {mask.shape}.")
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise ValueError(f"{name} must be binary, got values from {mask.min()} to {mask.max()}; threshold it first.")
    return mask.astype(bool)
