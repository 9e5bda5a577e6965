"""The estimator of Vivim's boundary constraint: which affine transform maps one edge patch to another (Fig. 4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["AffineEstimator"]


class AffineEstimator(nn.Sequential):
    """Estimate the affine transform between two edge patches; before training, it is the identity.

    Args:
        patch_size: rows and columns of a patch.
        channels: channels of the two hidden layers.

    Example:
        >>> AffineEstimator(patch_size=8)(torch.rand(1, 2, 8, 8)).shape
        torch.Size([1, 2, 3])
    """

    def __init__(self, patch_size: int = 32, channels: int = 128) -> None:
        last = nn.Linear(channels, 6)
        nn.init.zeros_(last.weight)
        with torch.no_grad():
            last.bias.copy_(torch.eye(2, 3).flatten())
        layers = [nn.Flatten(), nn.Linear(2 * patch_size**2, channels), nn.ReLU(), nn.Linear(channels, channels)]
        super().__init__(*layers, nn.ReLU(), last, nn.Unflatten(1, (2, 3)))
        self.patch_size = patch_size

    def forward(self, pair: Tensor) -> Tensor:
        """Return transforms ``(B, 2, 3)`` of pairs of patches ``(B, 2, P, P)``, as taken by ``affine_grid``."""
        return super().forward(pair)
