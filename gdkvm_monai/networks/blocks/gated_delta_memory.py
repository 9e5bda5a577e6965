"""The memory of GDKVM (Sec. 3.2 and 3.3, Fig. 3): a matrix of fixed size, written once per frame and read with keys."""

from __future__ import annotations

import math

import torch
from monai.utils import look_up_option
from torch import Tensor, nn

from gdkvm_monai.networks.layers.gated_delta_rule import (
    KEY_NORMS,
    UPDATE_RULES,
    normalize_keys,
    read_memory,
    update_memory,
)

__all__ = ["GatedDeltaMemory"]


class GatedDeltaMemory(nn.Module):
    r"""Associative memory :math:`S \in \mathbb{R}^{V \times K}` with gates computed from its previous state.

    .. math:: \alpha_t = \sigma(W_\alpha S_{t-1} + b_\alpha), \qquad \beta_t = \sigma(W_\beta S_{t-1} + b_\beta)

    ``alpha``, ``(B, V, K)``, is a survival factor and starts near ``initial_survival``. ``beta``, ``(B, V, 1)``,
    starts near one half. It has one entry per value channel because Eq. 4 uses it to mix new and old *values*, and
    because only then is the write a contraction for all gates: with a free ``(V, K)`` matrix, the memory can grow
    without bound.

    Args:
        key_channels: number of key channels ``K``.
        value_channels: number of value channels ``V``.
        update_rule: one of :data:`~gdkvm_monai.networks.layers.UPDATE_RULES`.
        key_norm: ``"frobenius"`` bounds the memory for any clip; ``"none"`` is the paper's literal equation.
        initial_survival: ``alpha`` at the start of training, in ``(0, 1)``.
    """

    def __init__(
        self,
        key_channels: int = 64,
        value_channels: int = 256,
        update_rule: str = "gated_delta",
        key_norm: str = "frobenius",
        initial_survival: float = 0.95,
    ) -> None:
        super().__init__()
        self.key_channels, self.value_channels = key_channels, value_channels
        self.update_rule = look_up_option(update_rule, UPDATE_RULES)
        self.key_norm = look_up_option(key_norm, KEY_NORMS)
        survives = update_rule in ("decay", "gated_delta", "orthogonal")
        writes = update_rule in ("write_gate", "gated_delta", "orthogonal")
        self.alpha = nn.Linear(key_channels, key_channels) if survives else nn.Identity()
        self.beta = nn.Linear(key_channels, 1) if writes else nn.Identity()
        if survives:
            nn.init.constant_(self.alpha.bias, math.log(initial_survival / (1 - initial_survival)))
        if writes:
            nn.init.zeros_(self.beta.bias)

    def initial_state(self, batch_size: int, like: Tensor) -> Tensor:
        """Return an empty memory, zeros ``(B, V, K)`` with the device and dtype of ``like``."""
        shape = (batch_size, self.value_channels, self.key_channels)
        return torch.zeros(shape, dtype=like.dtype, device=like.device)

    def gates(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``alpha``, ``(B, V, K)``, and ``beta``, ``(B, V, 1)``, both in (0, 1), from the previous state."""
        return torch.sigmoid(self.alpha(state)), torch.sigmoid(self.beta(state))

    def write(self, state: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Write one frame.

        Args:
            state: memory, ``(B, V, K)``.
            key: raw keys, ``(B, K, h, w)``.
            value: values, ``(B, V, h, w)``.

        Returns:
            The new memory, ``(B, V, K)``.
        """
        alpha, beta = self.gates(state)
        keys = normalize_keys(key.flatten(2), self.key_norm)
        return update_memory(state, keys, value.flatten(2), alpha, beta, self.update_rule)

    def read(self, state: Tensor, key: Tensor) -> Tensor:
        """Read the memory ``(B, V, K)`` with raw keys ``(B, K, h, w)``; returns ``(B, V, h, w)``."""
        keys = normalize_keys(key.flatten(2), self.key_norm)
        return read_memory(state, keys).unflatten(2, key.shape[2:])
