"""The check that an engine gives the masks of PyTorch, and how long both take."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["LEAST_AGREEMENT", "Check", "check_clip", "compare_steps"]

LEAST_AGREEMENT = 0.995
"""Smallest share of pixels in which the masks of an engine must equal those of PyTorch."""

WARM_UP = 2  # frames without timing: engines prepare at the first ones


@dataclass(frozen=True)
class Check:
    """An engine compared with PyTorch in float32.

    Attributes:
        agreement: share of pixels with the same class, 0 to 1; 0 if a logit is not finite.
        max_abs_difference: largest absolute difference of a logit.
        ms: shortest time of a frame, in milliseconds, which other work on the machine changes least.
        eager_ms: that of PyTorch, in turns with the engine.
    """

    agreement: float
    max_abs_difference: float
    ms: float
    eager_ms: float

    @property
    def agrees(self) -> bool:
        """Whether the masks are equal in enough pixels."""
        return self.agreement >= LEAST_AGREEMENT

    def __str__(self) -> str:
        return f"{self.ms:.1f} ms a frame, masks equal in {self.agreement:.2%} of pixels"


def check_clip(in_channels: int, frame_size: tuple[int, int]) -> Tensor:
    """Return the clip of the check, a phantom's heart from end-diastole, ``(1, C, H, W, T)`` in [0, 1]."""
    height, width = frame_size
    image = render_phantom_clip(EchoPhantom(0), beats=0.4, frame_rate_hz=40, size=(width, height)).image
    return (torch.from_numpy(image).float() / 255).expand(1, in_channels, -1, -1, -1)


@torch.inference_mode()
def compare_steps(network: GDKVM, engine: torch.nn.Module, clip: Tensor) -> Check:
    """Compare an engine's steps with the network's over a clip ``(B, C, H, W, T)``; each feeds back its own state."""
    sides = (network, engine)
    states = [network.initial_state(clip[..., 0])] * 2
    seconds, same, difference = [], [], 0.0
    for frame in clip.unbind(-1):
        logits, took = [], []
        for side, model in enumerate(sides):
            start = time.perf_counter()
            found, states[side] = model.step(frame, states[side])
            if frame.is_cuda:
                torch.cuda.synchronize()
            took.append(time.perf_counter() - start)
            logits.append(found.float())
        seconds.append(took)
        same.append(float((logits[0].argmax(1) == logits[1].argmax(1)).float().mean()))
        difference = max(difference, float((logits[0] - logits[1]).abs().max().nan_to_num(torch.inf)))
    eager_ms, ms = 1e3 * np.min(seconds[min(WARM_UP, len(seconds) - 1) :], axis=0)
    return Check(float(np.mean(same)) if np.isfinite(difference) else 0.0, difference, float(ms), float(eager_ms))
