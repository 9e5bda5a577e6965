"""The segmentation and boundary heads of Vivim (Sec. III-C3 and III-E)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gdkvm_monai.networks.layers import group_norm

__all__ = ["BoundaryHead", "MultiscaleHead"]


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(**group_norm(channels)[1])


class MultiscaleHead(nn.Module):
    """Unify the channels of all scales, upsample them to the finest, fuse them, and classify.

    Args:
        in_channels: channels of each scale, finest first.
        channels: channels of the unified and of the fused features.
        out_channels: number of classes ``N``.
        dropout: probability that a channel of the fused feature is dropped in training.
    """

    def __init__(self, in_channels: Sequence[int], channels: int, out_channels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.unify = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        fuse = nn.Conv2d(len(in_channels) * channels, channels, 1, bias=False)
        self.fuse = nn.Sequential(fuse, _norm(channels), nn.ReLU(), nn.Dropout2d(dropout))
        self.classify = nn.Conv2d(channels, out_channels, 1)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return logits ``(B, N, h, w)`` of features ``(B, C, h, w)``, ``(B, C', h / 2, w / 2)``, and so on."""
        unified = [unify(feature) for unify, feature in zip(self.unify, features)]
        size = unified[0].shape[2:]
        coarse = [F.interpolate(feature, size, mode="bilinear", align_corners=False) for feature in unified[1:]]
        return self.classify(self.fuse(torch.cat([unified[0], *coarse], dim=1)))


class BoundaryHead(nn.Sequential):
    """Three convolutions that map the finest feature ``(B, C, h, w)`` to boundary logits ``(B, 1, h, w)``.

    Args:
        in_channels: channels ``C``.
        channels: channels in between.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        first, second = nn.Conv2d(in_channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)
        layers = [first, _norm(channels), nn.ReLU(), second, _norm(channels), nn.ReLU(), nn.Conv2d(channels, 1, 1)]
        super().__init__(*layers)
