"""Difference between an exported file and the network in PyTorch, on a random clip."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gdkvm_monai.networks.nets import GDKVM

__all__ = ["largest_difference", "run_exported"]


def run_exported(exported: Callable[..., tuple[Tensor, ...]], form: str, clip: Tensor, state: tuple) -> Tensor:
    """Return logits ``(B, N, H, W, T)`` of an exported clip model, or of a step model that feeds back its state."""
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
    """Return the largest absolute difference of logits between an exported file and PyTorch.

    Args:
        network: exported network.
        exported: result of :func:`~gdkvm_monai.export.open_export`.
        form: ``"clip"`` or ``"step"``; a step feeds back its own state, so errors accumulate.
        shape: shape of the random clip, ``(B, C, H, W, T)``, uniform in [0, 1].
        seed: seed of the clip.

    Returns:
        The difference; NaN if either side is not finite.
    """
    clip = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        expected = network.eval()(clip)
        given = run_exported(exported, form, clip, tuple(network.initial_state(clip[..., 0])))
    return float((given - expected).abs().max())
