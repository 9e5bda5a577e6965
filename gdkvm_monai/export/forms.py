"""The two exported forms of a network: a whole clip, and one frame with the memory as input and output."""

# no `from __future__ import annotations`: TorchScript reads the annotations

from typing import Tuple

import torch
from torch import Tensor, nn

from gdkvm_monai.networks.nets import GDKVM, GDKVMState

__all__ = ["FORMS", "INPUTS", "OUTPUTS", "ScannedClip", "Step", "example_inputs"]

FORMS = ("clip", "step")

INPUTS = {"clip": ("image",), "step": ("frame", "memory", "foreground")}
"""Names of the inputs; ``image`` and ``pred`` are those of the bundle."""

OUTPUTS = {"clip": ("pred",), "step": ("logits", "next_memory", "next_foreground")}
"""Names of the outputs; prefixed with ``next_`` because values of an ONNX graph need unique names."""


class Step(nn.Module):
    """The network for one frame, with the state as tensors instead of a named tuple.

    Args:
        network: network in evaluation mode.
    """

    def __init__(self, network: GDKVM) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor, memory: Tensor, foreground: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """Segment a frame ``(B, C, H, W)`` after ``memory`` ``(B, V, K)`` and ``foreground`` ``(B, N - 1, H, W)``.

        Returns:
            Logits ``(B, N, H, W)``, and memory and foreground for the next frame.
        """
        logits, state = self.network.step(frame, GDKVMState(memory, foreground))
        return logits, state.memory, state.foreground


class ScannedClip(nn.Module):
    """The network for a whole clip, with the loop over frames as an operator that ``torch.export`` preserves."""

    def __init__(self, network: GDKVM) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)`` and return logits ``(B, N, H, W, T)``."""
        from torch._higher_order_ops.scan import scan

        def one_frame(carry: list, frame: Tensor) -> tuple:
            logits, state = self.network.advance(frame, self.network.encode(frame), GDKVMState(*carry))
            return [state.memory.clone(), state.foreground.clone()], logits  # the operator forbids aliases

        frames = image.movedim(-1, 0)  # (T, B, C, H, W)
        _, logits = scan(one_frame, list(self.network.initial_state(frames[0])), frames)
        return logits.movedim(0, -1)


def example_inputs(network: GDKVM, form: str, size: Tuple[int, int], batch: int = 2, frames: int = 3) -> tuple:
    """Create random inputs for a form: a clip, or a frame with the initial state."""
    if form == "clip":
        return (torch.rand(batch, network.in_channels, *size, frames),)
    frame = torch.rand(batch, network.in_channels, *size)
    return (frame, *network.initial_state(frame))
