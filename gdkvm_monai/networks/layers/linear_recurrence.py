"""A linear recurrence over time in few tensor operations, with its gradient."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["linear_recurrence"]

WIDE_CPU, WIDE_CUDA = 2**11, 2**20
"""Numbers of entries of a state from which a loop is as fast as chunks (measured on the CPU)."""


def linear_recurrence(decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    r"""Return all states of an element-wise linear recurrence.

    .. math:: h_t = a_t \odot h_{t-1} + b_t

    The gradient is computed by the same recurrence in reverse, so no step is recorded by autograd. Where a step is too
    small to occupy the device, chunks advance together: each from zero to obtain its end, the ends are passed on from
    chunk to chunk, and each again from its true start: :math:`\sqrt{12 L}` operations instead of :math:`L`. Nothing is
    divided and no logarithm is taken, so a decay of zero is exact. First derivatives only.

    Args:
        decay: :math:`a`, ``(L, ...)`` with ``L >= 1``.
        inputs: :math:`b`, of the same shape.
        start: :math:`h_0`, ``(...)``.

    Returns:
        States :math:`h_1, ..., h_L`, ``(L, ...)``.

    Example:
        >>> linear_recurrence(torch.full((3,), 0.5), torch.ones(3), torch.zeros(()))
        tensor([1.0000, 1.5000, 1.7500])
    """
    return _LinearRecurrence.apply(decay, inputs, start)


class _LinearRecurrence(torch.autograd.Function):
    """The gradient of a linear recurrence is one in reverse: ``g_t = grad_t + a_{t+1} g_{t+1}``."""

    @staticmethod
    def forward(ctx: Any, decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
        states = _advance(decay, inputs, start)
        ctx.save_for_backward(decay, states, start)
        return states

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        decay, states, start = ctx.saved_tensors
        following = torch.cat([torch.zeros_like(decay[:1]), decay[1:].flip(0)])  # a_{t+1}, last step first
        of_inputs = _advance(following, grad.flip(0), torch.zeros_like(start)).flip(0)
        of_decay = torch.empty_like(decay)
        torch.mul(of_inputs[0], start, out=of_decay[0])
        torch.mul(of_inputs[1:], states[:-1], out=of_decay[1:])
        return of_decay, of_inputs, of_inputs[0] * decay[0]


def _advance(decay: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    """Return the states; see :func:`linear_recurrence`."""
    length, wide = len(decay), start.numel() >= (WIDE_CUDA if start.is_cuda else WIDE_CPU)
    chunk = 1 if wide else 2 ** max(0, round(math.log2(length / 3) / 2))  # the fewest operations
    if chunk == 1:
        return _loop(decay, inputs, start)
    missing = -length % chunk
    if missing:
        decay, inputs = (torch.cat([x, x.new_zeros((missing, *x.shape[1:]))]) for x in (decay, inputs))
    decay, inputs = (x.unflatten(0, (-1, chunk)) for x in (decay, inputs))  # (chunks, chunk, ...)
    end, product = inputs[:, 0], decay[:, 0]
    for step in range(1, chunk):
        end, product = torch.addcmul(inputs[:, step], decay[:, step], end), product * decay[:, step]
    before = torch.cat([start[None], _loop(product[:-1], end[:-1], start)])  # (chunks, ...)
    states = torch.empty_like(inputs)
    for step in range(chunk):
        before = torch.addcmul(inputs[:, step], decay[:, step], before)
        states[:, step] = before
    return states.flatten(0, 1)[:length]


def _loop(decay: Tensor, inputs: Tensor, state: Tensor) -> Tensor:
    states = torch.empty_like(inputs)
    for a, b, place in zip(decay, inputs, states):
        state = torch.addcmul(b, a, state, out=place)
    return states
