"""Position added to keys, so that equal features at different places have different keys."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["KeyPosition"]

OCTAVES = 4
INITIAL_STD = 1.0  # the addend then has a standard deviation of 2.8, against 1 of standardized keys


class KeyPosition(nn.Module):
    r"""Add a learned mixture of sines and cosines of row and column to the raw keys of a frame.

    .. math:: K \leftarrow K + W \, [\sin 2^i \pi y, \cos 2^i \pi y, \sin 2^i \pi x, \cos 2^i \pi x]_{i = 0, \dots, 3}

    ``y`` and ``x`` in (0, 1) are the centers of the tokens relative to the image, so the function is the same at every
    frame size. It does not depend on the frame: a write and a read at one place receive the same addend. ``W`` starts
    at zero, with which keys have no position.

    What all places share decides the softmax of the keys as soon as it outweighs their differences: all keys are then
    alike, and every place reads the same mean value. With ``standardize``, each raw key channel therefore has mean 0
    and variance 1 over the places of a frame, and ``W`` starts at random, so that keys differ from the first write on.

    Args:
        key_channels: number of key channels ``K``.
        standardize: whether raw keys are standardized over places before position is added.
    """

    def __init__(self, key_channels: int = 64, standardize: bool = False) -> None:
        super().__init__()
        self.octaves = OCTAVES
        self.standardize = nn.InstanceNorm2d(key_channels) if standardize else nn.Identity()
        self.project = nn.Conv2d(4 * OCTAVES, key_channels, 1, bias=False)
        if standardize:
            nn.init.normal_(self.project.weight, std=INITIAL_STD)
        else:
            nn.init.zeros_(self.project.weight)

    def forward(self, key: Tensor) -> Tensor:
        """Return raw keys ``(B, K, h, w)`` with position added."""
        return self.standardize(key) + self.project(self.waves(key))

    def waves(self, key: Tensor) -> Tensor:
        """Return the sines and cosines for the grid of ``key``, ``(1, 16, h, w)``."""
        height, width = key.shape[-2], key.shape[-1]
        octaves = (2.0 ** torch.arange(self.octaves, device=key.device)) * math.pi
        y = (torch.arange(height, device=key.device) + 0.5) / height
        x = (torch.arange(width, device=key.device) + 0.5) / width
        rows = (octaves[:, None, None] * y[:, None]).expand(-1, -1, width)  # (4, h, w)
        columns = (octaves[:, None, None] * x).expand(-1, height, -1)
        return torch.cat([rows.sin(), rows.cos(), columns.sin(), columns.cos()])[None].to(key.dtype)
