"""A MONAI metric that scores clips frame by frame, in millimeters or pixels, with defined scores for empty masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.data.utils import affine_to_spacing
from monai.metrics import CumulativeIterationMetric
from monai.utils import MetricReduction, look_up_option, optional_import

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.metrics.segmentation import score_clip
from gdkvm_monai.metrics.spacing import check_spacing

NotComputableError, has_ignite = optional_import("ignite.exceptions", name="NotComputableError")

OVERLAPS = ("dice", "iou")
SCORES = (*OVERLAPS, "hd", "hd95", "asd")
"""Scores of :func:`~gdkvm_monai.metrics.segmentation.score_pair` that :class:`FrameMetric` supports."""


class FrameMetric(CumulativeIterationMetric):
    """Mean of one score over the annotated frames of a clip, for each structure.

    MONAI's own handlers cannot pass a spacing, and its metrics return NaN or infinity for a missed structure; this
    metric follows the rules of :func:`~gdkvm_monai.metrics.segmentation.score_pair`. Use it with MONAI's handler::

        IgniteMetricHandler(metric_fn=FrameMetric("hd95"), output_transform=from_engine(["pred", "label"]))

    Predictions and labels are class indices: lists of ``(1, H, W, T)`` or batches ``(B, 1, H, W, T)``.

    Args:
        score: one of ``"dice"``, ``"iou"``, ``"hd"``, ``"hd95"``, and ``"asd"``.
        structures: class indices of each structure, by name.
        spacing: ``"affine"`` reads the mm per pixel of axes 0 and 1 from the label's affine, ``None`` measures in
            pixels, and two numbers give the mm per pixel of all clips.
        reduction: how :meth:`aggregate` reduces the clips and structures: ``"mean"``, ``"mean_batch"``,
            ``"mean_channel"``, or ``"none"``, as in MONAI.

    Raises:
        ValueError: if the score, the spacing, or the reduction is not supported.

    Example:
        >>> metric = FrameMetric("dice", {"LV": (1,)}, spacing=None)
        >>> metric(torch.ones(2, 1, 8, 8, 3), torch.ones(2, 1, 8, 8, 3)).shape
        torch.Size([2, 1])
        >>> metric.aggregate()
        tensor(1., dtype=torch.float64)
    """

    def __init__(
        self,
        score: str = "dice",
        structures: Mapping[str, Sequence[int]] = STRUCTURES,
        spacing: str | Sequence[float] | None = "affine",
        reduction: MetricReduction | str = MetricReduction.MEAN,
    ) -> None:
        super().__init__()
        self.score = look_up_option(score, SCORES)
        self.structures = dict(structures)
        if isinstance(spacing, str) and spacing != "affine":
            raise ValueError(f"spacing must be 'affine', None (pixels), or two mm per pixel, got {spacing!r}.")
        self.spacing = spacing if spacing is None or isinstance(spacing, str) else check_spacing(spacing)
        self.reduction = look_up_option(reduction, MetricReduction)

    @property
    def lower_is_better(self) -> bool:
        """Whether the score is a distance."""
        return self.score not in OVERLAPS

    def _compute_tensor(self, y_pred: torch.Tensor, y: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor:
        if y is None or y_pred.shape != y.shape or y.ndim != 5 or y.shape[1] != 1:
            given = None if y is None else tuple(y.shape)
            raise ValueError(
                f"prediction {tuple(y_pred.shape)} and label {given} must be class indices of shape (B, 1, H, W, T)."
            )
        means = [
            self._clip_means(prediction, label, spacing)
            for prediction, label, spacing in zip(y_pred[:, 0], y[:, 0], self._spacings(y))
        ]
        dtype = torch.float32 if y.device.type == "mps" else torch.float64
        return torch.tensor(np.array(means), dtype=dtype, device=y.device)  # (B, S)

    def _clip_means(
        self, prediction: torch.Tensor, label: torch.Tensor, spacing: Sequence[float] | None
    ) -> list[float]:
        distances = self.lower_is_better
        rows = score_clip(prediction, label, spacing, self.structures, tolerances=(), distances=distances)
        scores = {
            name: [getattr(r.scores, self.score) for r in rows if r.structure == name] for name in self.structures
        }
        valid = {name: [value for value in values if not np.isnan(value)] for name, values in scores.items()}
        return [float(np.mean(values)) if values else np.nan for values in valid.values()]

    def _spacings(self, y: torch.Tensor) -> list[Sequence[float] | None]:
        if self.spacing != "affine":
            return [self.spacing] * len(y)
        if not isinstance(y, MetaTensor):
            raise ValueError(
                f"label is a {type(y).__name__} without an affine; pass a MetaTensor, or spacing=None for pixels."
            )
        affines = y.affine.expand(len(y), -1, -1) if y.affine.ndim == 2 else y.affine
        return [affine_to_spacing(affine.cpu().numpy())[:2].tolist() for affine in affines]

    def state_dict(self) -> dict[str, torch.Tensor | None]:
        """Return the scores collected in this process, ``(B, S)``, or ``None`` if there are none."""
        return {"scores": torch.stack(self._buffers[0]) if self._buffers else None}

    def load_state_dict(self, state_dict: Mapping[str, torch.Tensor | None]) -> None:
        """Replace the collected scores."""
        self.reset()
        if state_dict["scores"] is not None:
            self.extend(state_dict["scores"])

    def aggregate(self, reduction: MetricReduction | str | None = None) -> torch.Tensor:
        """Reduce the scores collected on all processes, ignoring NaN (not scored).

        Args:
            reduction: replaces the reduction given to the constructor.

        Returns:
            A scalar (``"mean"``, over clips and structures), ``(S,)`` (``"mean_batch"``), ``(B,)``
            (``"mean_channel"``), or ``(B, S)`` (``"none"``).

        Raises:
            NotComputableError: if nothing was scored; a ``RuntimeError`` if ignite is not installed.
            ValueError: if the reduction is not supported.
        """
        scores = self.get_buffer()
        if scores is None or scores.isnan().all():
            error = NotComputableError if has_ignite else RuntimeError
            raise error(f"no frame was scored for {self.score}; pass labels with at least one annotated frame.")
        reduction = look_up_option(reduction or self.reduction, MetricReduction)
        if reduction == MetricReduction.NONE:
            return scores
        dims = {MetricReduction.MEAN: (0, 1), MetricReduction.MEAN_BATCH: 0, MetricReduction.MEAN_CHANNEL: 1}
        if reduction not in dims:
            raise ValueError(f"reduction must be mean, mean_batch, mean_channel, or none, got {reduction}.")
        return scores.nanmean(dim=dims[reduction])
