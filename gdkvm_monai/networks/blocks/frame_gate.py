"""A gate that sees the frame, so that a frame that shows nothing need not be written."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["WRITE_GATES", "FrameGate"]

WRITE_GATES = ("state", "frame")
"""What the gates of a write see: the previous state alone, as in the paper, or the frame, too."""

INITIAL_LOGIT = 4.0  # a gate of 0.98


class FrameGate(nn.Module):
    r"""Scale a whole write, forgetting and writing alike, with one number per frame from its pooled features.

    .. math::
        g_t &= \sigma(w \cdot \mathrm{GAP}(F_{16}) + b) \\
        S_t &= (1 - g_t) \, S_{t-1} + g_t \, U(S_{t-1})

    ``U`` is any update rule. A gate of 1 is the rule itself, and a gate of 0 keeps the state. The gate is a convex
    combination, so a rule that is a contraction remains one. It starts near 1 for every frame.

    Args:
        in_channels: channels of the frame's feature.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.gate = nn.Linear(in_channels, 1)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, INITIAL_LOGIT)

    def gates(self, feature: Tensor) -> Tensor:
        """Return the gate in (0, 1), ``(B, 1, 1)``, of the feature of a frame, ``(B, C, h, w)``."""
        return torch.sigmoid(self.gate(feature.mean(dim=(2, 3))))[:, :, None]

    def forward(self, state: Tensor, updated: Tensor, feature: Tensor) -> Tensor:
        """Return the memory ``(B, V, K)`` between ``state`` and ``updated`` for a frame's feature ``(B, C, h, w)``."""
        gate = self.gates(feature)
        return gate * updated + (1 - gate) * state
