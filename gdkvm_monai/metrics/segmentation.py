"""Overlap and surface-distance scores of one binary frame, and of every frame and structure of a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from scipy.ndimage import binary_erosion, distance_transform_edt

from gdkvm_monai.labels import SCORED_STRUCTURES, UNLABELED

TOLERANCES = (1.0, 2.0)
"""Tolerances of the surface Dice, in mm or pixels; fixed before any result was seen."""


def score_pair(
    prediction: ArrayLike,
    label: ArrayLike,
    spacing: Sequence[float] | None = None,
    tolerances: Sequence[float] = TOLERANCES,
    legacy: bool = False,
    depth_axis: int = 0,
    distances: bool = True,
) -> dict[str, float | str]:
    r"""Score one binary mask :math:`P` against its label :math:`G`.

    .. math:: \text{Dice} = \frac{2 |P \cap G|}{|P| + |G|} \qquad \text{IoU} = \frac{|P \cap G|}{|P \cup G|}

    The surface of a mask is what one 4-connected erosion removes, with background outside the image. With the
    Euclidean distances between pixel centers, from each surface to the other, ``hd`` is the larger of the two directed
    maxima, ``hd95`` the larger of the two directed 95 % quantiles, ``asd`` the mean over the points of both surfaces,
    and ``nsd@t`` the share of these points that lie within ``t`` of the other surface. Where both masks hold something,
    the values are those of MONAI's ``compute_hausdorff_distance``, ``compute_average_surface_distance(symmetric=True)``
    and ``compute_surface_dice``, in double precision and from one pair of distance transforms.

    Args:
        prediction: binary mask ``(H, W)``.
        label: binary mask ``(H, W)``.
        spacing: mm per pixel of axis 0 and of axis 1, or ``None`` to measure in pixels.
        tolerances: tolerances of the surface Dice, in mm or in pixels as ``spacing`` says; keys ``nsd@1``, ``nsd@2``.
        legacy: add ``legacy_row_dice`` and ``legacy_row_iou``, see :func:`score_rows`. Never a headline.
        depth_axis: axis along which depth runs, for the rows of the legacy scores: 0 in an upright picture, 1 in an
            array as NIfTI stores it.
        distances: measure distances too; without them Dice and IoU alone are scored, which is faster.

    Returns:
        ``dice``, ``iou``, ``nsd@t`` in ``[0, 1]``, ``hd``, ``hd95``, ``asd`` in ``unit`` (``"mm"`` or ``"px"``), and
        ``status``: ``"ok"``; ``"one_empty"``, which scores 0 and the diagonal of the field of view between its corner
        pixels; ``"both_empty"``, which scores NaN and does not enter a mean.

    Raises:
        ValueError: if the masks are not binary, not 2-D or of different shapes, or the spacing is not positive.

    References:
        Maier-Hein et al., "Metrics reloaded", Nature Methods 2024. Surface Dice: Nikolov et al., JMIR 2021.

    Example:
        >>> label, prediction = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
        >>> label[1:3, 1:3], prediction[1:3, 1:4] = True, True
        >>> scores = score_pair(prediction, label)
        >>> scores["dice"], scores["hd"], scores["asd"], scores["unit"]
        (0.8, 1.0, 0.2, 'px')
    """
    prediction, label = _binary(prediction, "prediction"), _binary(label, "label")
    if prediction.shape != label.shape:
        raise ValueError(f"prediction {prediction.shape} and label {label.shape} must have the same shape.")
    step = check_spacing(spacing)
    sizes = int(prediction.sum()), int(label.sum())
    status = {0: "both_empty", 1: "one_empty", 2: "ok"}[sum(size > 0 for size in sizes)]
    if status == "ok":
        common = int((prediction & label).sum())
        scores = {"dice": 2 * common / sum(sizes), "iou": common / (sum(sizes) - common)}
        if distances:
            scores |= _distance_scores(*surface_distances(prediction, label, step), tolerances)
    else:
        rows, columns = prediction.shape
        worst = float(np.hypot((rows - 1) * step[0], (columns - 1) * step[1]))
        overlap, distance = (0.0, worst) if status == "one_empty" else (np.nan, np.nan)
        scores = {"dice": overlap, "iou": overlap}
        if distances:
            scores |= {"hd": distance, "hd95": distance, "asd": distance}
            scores |= {f"nsd@{tolerance:g}": overlap for tolerance in tolerances}
    if legacy:
        scores |= score_rows(prediction, label, depth_axis)
    return {"status": status, "unit": "px" if spacing is None else "mm", **scores}


def score_clip(
    prediction: ArrayLike,
    label: ArrayLike,
    spacing: Sequence[float] | None = None,
    structures: Mapping[str, Sequence[int]] = SCORED_STRUCTURES,
    tolerances: Sequence[float] = TOLERANCES,
    legacy: bool = False,
    depth_axis: int = 0,
    distances: bool = True,
) -> list[dict[str, float | int | str]]:
    """Score every annotated frame and structure of a clip, each frame for itself and never as a volume.

    Args:
        prediction: class indices ``(H, W, T)``.
        label: class indices ``(H, W, T)``; a frame that holds ``UNLABELED`` anywhere is not scored.
        spacing: mm per pixel of axis 0 and of axis 1, or ``None`` to measure in pixels.
        structures: name of each structure and the class indices it consists of.
        tolerances: see :func:`score_pair`.
        legacy: see :func:`score_pair`.
        depth_axis: see :func:`score_pair`.
        distances: see :func:`score_pair`.

    Returns:
        One row per annotated frame and structure: ``frame``, ``structure`` and what :func:`score_pair` returns.

    Raises:
        ValueError: if the clips are not 3-D or differ in shape.
    """
    prediction, label = convert_to_numpy(prediction), convert_to_numpy(label)
    if prediction.shape != label.shape or label.ndim != 3:
        raise ValueError(
            f"prediction {prediction.shape} and label {label.shape} must be class indices of one shape (H, W, T)."
        )
    frames = np.flatnonzero(~(label == UNLABELED).any(axis=(0, 1)))
    return [
        {"frame": int(frame), "structure": name}
        | score_pair(
            np.isin(prediction[..., frame], values),
            np.isin(label[..., frame], values),
            spacing,
            tolerances,
            legacy,
            depth_axis,
            distances,
        )
        for frame in frames
        for name, values in structures.items()
    ]


def score_rows(prediction: np.ndarray, label: np.ndarray, depth_axis: int = 0) -> dict[str, float]:
    """Average Dice and IoU over image rows, as the paper's public evaluator does: for comparison with it alone.

    That evaluator passes one ``(H, W)`` mask to a function that takes its first axis for the batch. Every row counts
    the same, and a row that is empty on both sides scores 1, so that an empty prediction of a heart reaches about 0.5.

    Args:
        prediction: binary mask ``(H, W)``.
        label: binary mask ``(H, W)``.
        depth_axis: axis that counts the rows; a row of an upright picture has constant depth.

    Returns:
        ``legacy_row_dice`` and ``legacy_row_iou`` in ``[0, 1]``.
    """
    smooth, columns = 1e-5, 1 - depth_axis
    common = (prediction & label).sum(axis=columns)
    total = prediction.sum(axis=columns) + label.sum(axis=columns)
    return {
        "legacy_row_dice": float(np.mean((2 * common + smooth) / (total + smooth))),
        "legacy_row_iou": float(np.mean((common + smooth) / (total - common + smooth))),
    }


def surface_distances(
    prediction: np.ndarray, label: np.ndarray, spacing: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Measure how far each surface pixel of one mask lies from the surface of the other.

    Args:
        prediction: binary mask ``(H, W)``, not empty.
        label: binary mask ``(H, W)``, not empty.
        spacing: distance between pixels along axis 0 and axis 1.

    Returns:
        Distances from the prediction's surface pixels to the label's surface, and the reverse, in units of ``spacing``.
    """
    rows, columns = np.nonzero(prediction | label)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]  # nothing outside it can be nearer
    surfaces = [mask[box] ^ binary_erosion(mask[box]) for mask in (prediction, label)]
    to_prediction, to_label = (distance_transform_edt(~surface, sampling=spacing) for surface in surfaces)
    return to_label[surfaces[0]], to_prediction[surfaces[1]]


def check_spacing(spacing: Sequence[float] | None) -> tuple[float, float]:
    """Return the spacing of two axes, ones for ``None``, or raise a ``ValueError`` if it is not finite and positive."""
    if spacing is None:
        return 1.0, 1.0
    values = tuple(float(value) for value in spacing)
    if len(values) != 2 or not all(np.isfinite(value) and value > 0 for value in values):
        raise ValueError(f"spacing must be two finite positive mm per pixel, of axis 0 and axis 1, got {values}.")
    return values


def _distance_scores(forth: np.ndarray, back: np.ndarray, tolerances: Sequence[float]) -> dict[str, float]:
    pooled = np.concatenate([forth, back])
    scores = {
        "hd": float(pooled.max()),
        "hd95": float(max(np.quantile(forth, 0.95), np.quantile(back, 0.95))),
        "asd": float(pooled.mean()),
    }
    return scores | {f"nsd@{tolerance:g}": float(np.mean(pooled <= tolerance)) for tolerance in tolerances}


def _binary(mask: ArrayLike, name: str) -> np.ndarray:
    mask = np.asarray(convert_to_numpy(mask))
    if mask.ndim != 2:
        raise ValueError(f"{name} must be one binary frame of shape (H, W), got {mask.shape}.")
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise ValueError(f"{name} must be binary, got values from {mask.min()} to {mask.max()}; threshold it first.")
    return mask.astype(bool)
