"""Difference between an exported file and the network in PyTorch, on a random clip."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gdkvm_monai.networks.nets import GDKVM

__all__ = ["largest_difference", "run_exported"]


def run_exported(exported: Callable[..., tuple[Tensor, ...]], form: str, clip: Tensor, state: tuple) -> Tensor:
    """Logits ``(B, N, H, W, T)`` of an exported clip, or of an exported step in a loop that carries its own state."""
    if form == "clip":
        return exported(clip)[0]
    logits = []
    for frame in clip.unbind(-1):
        frame_logits, *state = exported(frame.contiguous(), *state)
        logits.append(frame_logits)
    return torch.stack(logits, dim=-1)


def largest_difference(
    network: GDKVM, exported: Callable[..., tuple[Tensor, ...]], form: str, shape: tuple[int, ...], seed: int = 0
) -> float:
    """Largest absolute difference of logits between an exported file and PyTorch.

    Args:
        network: the network that was exported.
        exported: what :func:`~gdkvm_monai.export.open_export` returns.
        form: ``"clip"`` or ``"step"``; a step runs in a loop and feeds itself, so that errors would add up.
        shape: of the random clip, ``(B, C, H, W, T)``, uniform in [0, 1].
        seed: of the clip.

    Returns:
        The difference; NaN when either side is not finite.
    """
    clip = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        expected = network.eval()(clip)
        given = run_exported(exported, form, clip, tuple(network.initial_state(clip[..., 0])))
    return float((given - expected).abs().max())
