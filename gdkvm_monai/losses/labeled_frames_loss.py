"""Supervision of the frames that somebody annotated; ``KeepLabelFramesd`` decides which of them count."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gdkvm_monai.labels import UNLABELED

__all__ = ["LabeledFramesLoss"]


class LabeledFramesLoss(nn.Module):
    """Apply a 2-D segmentation loss to the labeled frames of clips; an unlabeled frame never enters.

    Args:
        loss: loss of logits ``(F, N, H, W)`` and class indices ``(F, 1, H, W)``, for example MONAI's ``DiceCELoss``.

    Raises:
        ValueError: when no frame of a batch is labeled, or logits and label do not match.
    """

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """The loss of clips: ``logits`` ``(B, N, H, W, T)``, ``label`` ``(B, 1, H, W, T)``; returns a scalar."""
        if logits.shape[2:] != label.shape[2:]:
            raise ValueError(f"logits {tuple(logits.shape)} and label {tuple(label.shape)} differ in size or frames.")
        logits, label = (x.movedim(-1, 1).flatten(0, 1) for x in (logits, label))  # (B * T, N | 1, H, W)
        labeled = (label != UNLABELED).flatten(1).all(dim=1)
        if not bool(labeled.any()):
            raise ValueError("no frame of the batch is labeled; check label_frames and the frames that are kept.")
        return self.loss(logits[labeled], torch.as_tensor(label[labeled]))
