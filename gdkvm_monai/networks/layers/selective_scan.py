"""The selective scan (Vivim, Eqs. 1-4): a state space model whose parameters depend on the sequence.

Reference: Gu and Dao, "Mamba: Linear-time sequence modeling with selective state spaces", 2023,
https://arxiv.org/abs/2312.00752, Sec. 3.
"""

from __future__ import annotations

import importlib.util
import math

import torch
from monai.utils import look_up_option
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from gdkvm_monai.networks.layers.linear_recurrence import linear_recurrence

__all__ = ["SCANS", "selective_scan"]

SCANS = ("auto", "reference", "chunked", "kernel")
SEGMENT = 2**18
"""Numbers of all states that the chunked form keeps in memory at once; the backward pass computes them again."""

MIN_STEPS = 64


def selective_scan(
    x: Tensor, delta: Tensor, decay: Tensor, write: Tensor, read: Tensor, skip: Tensor, scan: str = "auto"
) -> Tensor:
    r"""Run a diagonal state space model over a sequence, one per channel.

    .. math::

        h_t = \exp(\Delta_t A) \odot h_{t-1} + \Delta_t B_t x_t, \qquad y_t = C_t^\top h_t + D x_t

    :math:`\Delta_t B_t` is the zero-order hold of Eq. 2 to first order, as in Mamba.

    Args:
        x: input sequence, ``(B, L, D)``.
        delta: step sizes :math:`\Delta`, non-negative, ``(B, L, D)``; 0 leaves the state unchanged.
        decay: :math:`A`, non-positive, ``(D, S)`` for ``S`` states per channel; 0 accumulates forever. All is computed
            in its type, whatever autocast says, because rounding would accumulate over the sequence.
        write: :math:`B`, ``(B, L, S)``.
        read: :math:`C`, ``(B, L, S)``.
        skip: :math:`D`, ``(D,)``.
        scan: ``"reference"``, the equation as a loop; ``"chunked"``, the same in few tensor operations; ``"kernel"``,
            the CUDA kernel of ``mamba_ssm``; or ``"auto"``, the kernel for CUDA tensors if it is installed, or else
            chunked.

    Returns:
        Output sequence, ``(B, L, D)``.

    Raises:
        ValueError: if ``scan`` is unknown, or the sequence has no step.
        ImportError: if the kernel is requested and ``mamba_ssm`` is not installed.

    Example:
        >>> one = torch.ones(1, 3, 1)
        >>> selective_scan(one, one, torch.zeros(1, 1), one, one, torch.zeros(1)).flatten()   # A = 0: a running sum
        tensor([1., 2., 3.])
    """
    look_up_option(scan, SCANS)
    if x.shape[1] < 1:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (B, L, D) with at least one step; pass a frame.")
    if scan == "auto":
        scan = "kernel" if x.is_cuda and importlib.util.find_spec("mamba_ssm") else "chunked"
    run = {"reference": _reference, "chunked": _chunked, "kernel": _kernel}[scan]
    with torch.autocast(x.device.type, enabled=False):
        x, delta, write, read, skip = (tensor.to(decay.dtype) for tensor in (x, delta, write, read, skip))
        return run(x, delta, decay, write, read) + skip * x


def _reference(x: Tensor, delta: Tensor, decay: Tensor, write: Tensor, read: Tensor) -> Tensor:
    state, outputs = x.new_zeros((x.shape[0], *decay.shape)), []  # (B, D, S)
    for t in range(x.shape[1]):
        step = delta[:, t, :, None]  # (B, D, 1)
        state = torch.exp(step * decay) * state + step * write[:, t, None, :] * x[:, t, :, None]
        outputs.append((state * read[:, t, None, :]).sum(-1))
    return torch.stack(outputs, dim=1)


def _chunked(x: Tensor, delta: Tensor, decay: Tensor, write: Tensor, read: Tensor) -> Tensor:
    state, outputs = x.new_zeros((x.shape[0], *decay.shape)), []
    steps = max(MIN_STEPS, 2 ** round(math.log2(max(1, SEGMENT / state.numel()))))
    segments = zip(*(tensor.transpose(0, 1).split(steps) for tensor in (x, delta, write, read)))  # time first
    for segment in segments:
        if x.shape[1] > steps and torch.is_grad_enabled():
            output, state = checkpoint(_segment, *segment, decay, state, use_reentrant=False)
        else:
            output, state = _segment(*segment, decay, state)
        outputs.append(output)
    return torch.cat(outputs).transpose(0, 1)


def _segment(
    x: Tensor, delta: Tensor, write: Tensor, read: Tensor, decay: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the outputs ``(L, B, D)`` of some steps and the state ``(B, D, S)`` after them."""
    inputs = (delta * x).unsqueeze(-1) * write.unsqueeze(-2)  # (L, B, D, S)
    states = linear_recurrence((delta.unsqueeze(-1) * decay).exp_(), inputs, state)
    return (states * read.unsqueeze(-2)).sum(-1), states[-1]  # faster than a product of small matrices


def _kernel(x: Tensor, delta: Tensor, decay: Tensor, write: Tensor, read: Tensor) -> Tensor:
    try:
        from mamba_ssm.ops.selective_scan_interface import selective_scan_fn
    except ImportError as error:
        raise ImportError(
            "scan is 'kernel', but mamba_ssm is not installed; install it or set scan to 'auto'."
        ) from error
    time_last = (tensor.transpose(1, 2).contiguous() for tensor in (x, delta, write, read))
    x, delta, write, read = time_last
    return selective_scan_fn(x, delta, decay, write, read).transpose(1, 2)
