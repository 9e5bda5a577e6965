"""Vivim's training loss: segmentation, boundary, and the affine constraint on the boundary (Eqs. 8 and 9)."""

from __future__ import annotations

import torch
from monai.config import PathLike
from torch import Tensor, nn
from torch.nn import functional as F

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.networks.blocks import AffineEstimator
from gdkvm_monai.networks.checkpoint import read_checkpoint
from gdkvm_monai.networks.layers import mask_edges

__all__ = ["BoundaryAwareLoss"]

OWN, OTHER = 1.0, 0.01  # weights of the transform to the same and to another frame


class BoundaryAwareLoss(nn.Module):
    r"""Add boundary terms to a segmentation loss if the network returns a boundary channel.

    .. math::

        L = L_{seg} + 0.3\,L_{bce} + 0.3\,L_{affine}, \qquad L_{affine} = \frac{1}{P} \sum_j
        \lVert\theta_j - I\rVert_F - 0.01\,\lVert\theta'_j - I\rVert_F

    :math:`\theta_j` is the estimated transform between the predicted and the true edge in patch ``j``;
    :math:`\theta'_j` is that between the predicted edge and the true edge of the previous labeled frame of the clip.
    Only patches with a true edge count. The estimator is trained beforehand (``vivim_affine.yaml``) and fixed.

    Args:
        segmentation: loss of logits ``(B, N, H, W, T)`` and label ``(B, 1, H, W, T)``.
        num_classes: number of classes ``N``.
        affine_weights: weights of the estimator; needed only with a boundary channel.
        weight: weight of each boundary term.

    Raises:
        ValueError: if the logits have a boundary channel, and there is no estimator, or the frames are no multiple of
            its patches.
    """

    def __init__(
        self, segmentation: nn.Module, num_classes: int, affine_weights: PathLike | None = None, weight: float = 0.3
    ) -> None:
        super().__init__()
        self.segmentation, self.num_classes, self.weight, self.estimator = segmentation, num_classes, weight, None
        if affine_weights is not None:
            self.estimator = AffineEstimator().requires_grad_(False)
            self.estimator.load_state_dict(read_checkpoint(affine_weights))

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        """Return the loss, a scalar, of logits ``(B, N, H, W, T)`` or ``(B, N + 1, H, W, T)`` and a label."""
        loss = self.segmentation(logits[:, : self.num_classes], label)
        if logits.shape[1] == self.num_classes:
            return loss
        if self.estimator is None:
            raise ValueError(
                "the network has a boundary head, but affine_weights is null; train the estimator with "
                "vivim_affine.yaml and name its weights, or set ablation to C3."
            )
        self.estimator.to(logits.device)
        terms = [self._clip(*pair) for pair in zip(logits[:, -1:].float(), torch.as_tensor(label))]
        return loss + self.weight * torch.stack(terms).mean()

    def _clip(self, logits: Tensor, label: Tensor) -> Tensor:
        """Return the boundary terms of one clip, from ``(1, H, W, T)`` each."""
        logits, label = logits.movedim(-1, 0), label.movedim(-1, 0)  # (T, 1, H, W)
        labeled = (label != UNLABELED).flatten(1).all(dim=1)
        logits, edges = logits[labeled], mask_edges(label[labeled], self.num_classes)
        if len(logits) == 0:
            return logits.sum()
        terms = F.binary_cross_entropy_with_logits(logits, edges) + OWN * self._distance(logits, edges)
        if len(logits) == 1:
            return terms
        return terms - OTHER * self._distance(logits, edges.roll(1, dims=0))

    def _distance(self, logits: Tensor, edges: Tensor) -> Tensor:
        """Return the mean distance of the estimated transforms from the identity."""
        size = self.estimator.patch_size
        if logits.shape[2] % size or logits.shape[3] % size:
            raise ValueError(
                f"frames of {logits.shape[2]}x{logits.shape[3]} cannot be divided into patches of {size}x{size}; set "
                f"frame_size to multiples of {size}."
            )
        pairs = torch.cat([logits.sigmoid(), edges], dim=1)  # (F, 2, H, W)
        patches = pairs.unfold(2, size, size).unfold(3, size, size).movedim(1, 3).flatten(0, 2)
        patches = patches[patches[:, 1].flatten(1).any(dim=1)]
        if len(patches) == 0:
            return logits.new_zeros(())
        identity = torch.eye(2, 3, device=logits.device)
        return torch.linalg.matrix_norm(self.estimator(patches) - identity).mean()
