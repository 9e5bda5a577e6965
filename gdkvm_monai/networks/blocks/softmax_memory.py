"""The memory of a space-time memory network: the keys and values of all past frames, read by softmax matching."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gdkvm_monai.networks.layers import softmax_matching

__all__ = ["SoftmaxMemory"]


class SoftmaxMemory(nn.Module):
    """Store every frame and read by similarity; takes the place of :class:`GatedDeltaMemory`, without parameters.

    The state, ``(B, K + V, M)``, holds keys above values and grows by ``h * w`` positions with every frame.

    Args:
        key_channels: number of key channels ``K``.
        value_channels: number of value channels ``V``.
    """

    def __init__(self, key_channels: int = 64, value_channels: int = 256) -> None:
        super().__init__()
        self.key_channels, self.value_channels = key_channels, value_channels

    def initial_state(self, batch_size: int, like: Tensor) -> Tensor:
        """Return an empty memory, ``(B, K + V, 0)``, with the device and dtype of ``like``."""
        return like.new_zeros(batch_size, self.key_channels + self.value_channels, 0)

    def write(self, state: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Append the keys ``(B, K, h, w)`` and values ``(B, V, h, w)`` of a frame."""
        return torch.cat([state, torch.cat([key, value], dim=1).flatten(2)], dim=2)

    def read(self, state: Tensor, key: Tensor) -> Tensor:
        """Read a memory of at least one frame with keys ``(B, K, h, w)``; returns ``(B, V, h, w)``."""
        keys, values = state.split([self.key_channels, self.value_channels], dim=1)
        return softmax_matching(key.flatten(2), keys, values).unflatten(2, key.shape[2:])
