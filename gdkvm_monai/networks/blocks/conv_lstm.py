"""Convolutional LSTM: a recurrent memory whose gates see a neighborhood of each position."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["ConvLSTM", "ConvLSTMState"]


class ConvLSTMState(NamedTuple):
    """State after a frame; its size does not depend on the number of frames.

    Attributes:
        hidden: output of the cell, ``(B, C, h, w)``.
        cell: content of the cell, ``(B, C, h, w)``.
    """

    hidden: Tensor
    cell: Tensor


class ConvLSTM(nn.Module):
    r"""Write one feature map into a state and read it again.

    .. math::
        (i, f, o, g) &= W * [x_t, h_{t-1}] + b \\
        c_t &= \sigma(f) \odot c_{t-1} + \sigma(i) \odot \tanh(g), \qquad h_t = \sigma(o) \odot \tanh(c_t)

    The forget gate ``f`` starts with a bias of 1, so that the state survives the first frames of training.

    Args:
        channels: channels of the feature map and of the state.
        kernel_size: size of the convolution, odd.

    References:
        Shi et al., "Convolutional LSTM Network", NeurIPS 2015, https://arxiv.org/abs/1506.04214; without peepholes.
    """

    def __init__(self, channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.channels = channels
        self.gates = nn.Conv2d(2 * channels, 4 * channels, kernel_size, padding=kernel_size // 2)
        nn.init.zeros_(self.gates.bias)
        nn.init.ones_(self.gates.bias[channels : 2 * channels])

    def initial_state(self, batch_size: int, size: tuple[int, int], like: Tensor) -> ConvLSTMState:
        """Return a state of zeros for feature maps of a size, with the device and dtype of ``like``."""
        zeros = torch.zeros((batch_size, self.channels, *size), dtype=like.dtype, device=like.device)
        return ConvLSTMState(zeros, zeros)

    def forward(self, x: Tensor, state: ConvLSTMState) -> ConvLSTMState:
        """Return the state after a feature map ``(B, C, h, w)``."""
        write, keep, show, new = self.gates(torch.cat([x, state.hidden], dim=1)).chunk(4, dim=1)
        cell = keep.sigmoid() * state.cell + write.sigmoid() * new.tanh()
        return ConvLSTMState(show.sigmoid() * cell.tanh(), cell)
