"""ST-Mamba (Vivim, Fig. 2c and 3): selective scans over a clip forward and backward in time and along space."""

from __future__ import annotations

import math

import torch
from monai.utils import look_up_option
from torch import Tensor, nn
from torch.nn import functional as F

from gdkvm_monai.networks.layers import selective_scan

__all__ = ["ABLATIONS", "DIRECTIONS", "SelectiveStateSpace", "SpatiotemporalMamba"]

DIRECTIONS = ("temporal_forward", "temporal_backward", "spatial")

ABLATIONS = {"basic": (), "C1": DIRECTIONS[:1], "C2": DIRECTIONS[:2], "C3": DIRECTIONS, "full": DIRECTIONS}
"""Scan directions of each row of the paper's Table III; ``"full"`` adds the boundary head."""

STEP_SIZES = (0.001, 0.1)
"""Range of the initial step sizes, as in Mamba."""


class SelectiveStateSpace(nn.Module):
    """Filter a sequence ``(B, L, D)`` causally: a short convolution, then a selective scan with projected parameters.

    Args:
        channels: number of channels ``D``.
        states: states per channel.
        scan: form of the scan, see :func:`~gdkvm_monai.networks.layers.selective_scan`.
    """

    def __init__(self, channels: int, states: int = 16, scan: str = "auto") -> None:
        super().__init__()
        self.states, self.rank, self.scan = states, math.ceil(channels / 32), scan
        self.conv = nn.Conv1d(channels, channels, kernel_size=4, groups=channels)
        self.parameters_of_step = nn.Linear(channels, self.rank + 2 * states, bias=False)
        self.step_size = nn.Linear(self.rank, channels)
        self.log_decay = nn.Parameter(torch.arange(1, states + 1).float().log().repeat(channels, 1))
        self.skip = nn.Parameter(torch.ones(channels))
        with torch.no_grad():
            low, high = (math.log(size) for size in STEP_SIZES)
            size = torch.exp(low + (high - low) * torch.rand(channels))
            self.step_size.bias.copy_(size + torch.log(-torch.expm1(-size)))  # the inverse of softplus

    def forward(self, x: Tensor) -> Tensor:
        """Return a sequence of the same shape."""
        x = F.silu(self.conv(F.pad(x.transpose(1, 2), (3, 0)))).transpose(1, 2)
        size, write, read = self.parameters_of_step(x).split([self.rank, self.states, self.states], dim=-1)
        delta = F.softplus(self.step_size(size))
        return selective_scan(x, delta, -self.log_decay.exp(), write, read, self.skip, self.scan).to(x.dtype)


class SpatiotemporalMamba(nn.Module):
    """Mix the tokens of a clip ``(B, T, h, w, C)`` by scans in up to three directions.

    Forward and backward, the frames follow each other, each row by row; in the spatial direction, the pixels follow
    each other, each with all of its frames. The outputs are summed and gated.

    Args:
        channels: number of channels ``C``.
        directions: names from :data:`DIRECTIONS`, at least one.
        states: states per channel of the expanded sequence.
        expansion: ratio of inner channels to ``channels``.
    """

    def __init__(
        self, channels: int, directions: tuple[str, ...] = DIRECTIONS, states: int = 16, expansion: int = 2
    ) -> None:
        super().__init__()
        inner = expansion * channels
        self.enter = nn.Linear(channels, 2 * inner, bias=False)
        self.scans = nn.ModuleDict(
            {look_up_option(name, DIRECTIONS): SelectiveStateSpace(inner, states) for name in directions}
        )
        self.leave = nn.Linear(inner, channels, bias=False)

    def forward(self, clip: Tensor) -> Tensor:
        """Return a clip of the same shape."""
        frames, rows, columns = clip.shape[1:4]
        x, gate = self.enter(clip).chunk(2, dim=-1)  # (B, T, h, w, D)
        time_first = x.flatten(1, 3)
        mixed = torch.zeros_like(time_first)
        for name, scan in self.scans.items():
            if name == "temporal_forward":
                mixed = mixed + scan(time_first)
            elif name == "temporal_backward":
                mixed = mixed + scan(time_first.flip(1)).flip(1)
            else:
                found = scan(x.permute(0, 2, 3, 1, 4).flatten(1, 3)).unflatten(1, (rows, columns, frames))
                mixed = mixed + found.permute(0, 3, 1, 2, 4).flatten(1, 3)
        return self.leave(mixed.unflatten(1, (frames, rows, columns)) * F.silu(gate))
