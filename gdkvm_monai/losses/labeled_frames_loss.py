"""A loss on annotated frames only; ``KeepLabelFramesd`` selects which annotated frames count."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gdkvm_monai.labels import UNLABELED

__all__ = ["LabeledFramesLoss"]


class LabeledFramesLoss(nn.Module):
    """Apply a 2-D segmentation loss to the labeled frames of clips; unlabeled frames do not contribute.

    With deep supervision, logits are ``(B, D, N, H, W, T)``: the first of the ``D`` strides has weight 1, the others
    have ``coarse_weights``.

    Args:
        loss: loss of logits ``(F, N, H, W)`` and class indices ``(F, 1, H, W)``, for example MONAI's ``DiceCELoss``.
        coarse_weights: weights of the logits at coarser strides, finest first.

    Raises:
        ValueError: if no frame of a batch is labeled, or logits, label, and weights do not match.
    """

    def __init__(self, loss: nn.Module, coarse_weights: Sequence[float] = ()) -> None:
        super().__init__()
        self.loss, self.coarse_weights = loss, tuple(coarse_weights)

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Return the loss, a scalar, of logits ``(B, N, H, W, T)`` and label ``(B, 1, H, W, T)``."""
        # metadata would slow down each operation
        strides, label = _strides(logits.as_subclass(Tensor)), label.as_subclass(Tensor)
        if logits.dim() == 6 and len(strides) != 1 + len(self.coarse_weights):
            raise ValueError(
                f"logits at {len(strides)} strides need {len(strides) - 1} coarse_weights, got "
                f"{list(self.coarse_weights)}; set one weight per coarser stride."
            )
        if strides[0].shape[2:] != label.shape[2:]:
            raise ValueError(
                f"logits {tuple(strides[0].shape)} and label {tuple(label.shape)} differ in size or number of frames."
            )
        label = _frames(label)  # (B * T, 1, H, W)
        labeled = (label != UNLABELED).flatten(1).all(dim=1).nonzero().flatten()  # found once: it waits for the device
        if len(labeled) == 0:
            raise ValueError("no frame of the batch is labeled; check label_frames and the selected frames.")
        frames = [_frames(of_stride) for of_stride in strides]
        if len(labeled) < len(label):
            frames, label = [of_stride[labeled] for of_stride in frames], label[labeled]
        losses = [self.loss(of_stride, label) for of_stride in frames]
        return losses[0] + sum(weight * loss for weight, loss in zip(self.coarse_weights, losses[1:]))


def _strides(logits: Tensor) -> Sequence[Tensor]:
    """Return the logits of each stride, ``(B, N, H, W, T)``."""
    return logits.unbind(1) if logits.dim() == 6 else [logits]


def _frames(clips: Tensor) -> Tensor:
    return clips.movedim(-1, 1).flatten(0, 1)  # (B * T, C, H, W)
