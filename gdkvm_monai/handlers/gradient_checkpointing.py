"""Training with less memory: activations are computed again in the backward pass instead of being kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from ignite.engine import Engine
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

__all__ = ["GradientCheckpointing"]


class GradientCheckpointing:
    """Keep only what a network passes from frame to frame in training, and recompute the rest in the backward pass.

    Gradients, dropout, and normalization statistics are the same, bit for bit on the CPU. Each iteration takes about
    one more forward pass. The network is changed when this object is constructed; as a handler, it only logs that.

    Args:
        network: the unwrapped network, for example GDKVM.
        methods: its methods to recompute: for GDKVM, those that encode a chunk of frames and process one frame.

    Raises:
        ValueError: if the network has no such method.
    """

    def __init__(self, network: nn.Module, methods: Sequence[str] = ("encode", "advance")) -> None:
        for name in methods:
            if not callable(getattr(network, name, None)):
                kind = type(network).__name__
                raise ValueError(f"{kind} has no method {name!r} to recompute; set gradient_checkpointing to false.")
        for name in methods:
            setattr(network, name, _Recomputed(network, name))

    def attach(self, engine: Engine) -> None:
        """Log that activations are recomputed."""
        engine.logger.info("activations are recomputed in the backward pass")


class _Recomputed:
    """A method of a network that is recomputed in training; a copy of the network gets its own."""

    def __init__(self, network: nn.Module, name: str) -> None:
        self.network, self.name = network, name

    def __call__(self, *arguments: Any) -> Any:
        method = getattr(type(self.network), self.name)
        if not (self.network.training and torch.is_grad_enabled()):
            return method(self.network, *arguments)
        contexts = lambda: (nullcontext(), _unchanged_statistics(self.network))  # noqa: E731
        return checkpoint(method, self.network, *arguments, use_reentrant=False, context_fn=contexts)


@contextmanager
def _unchanged_statistics(network: nn.Module) -> Iterator[None]:
    """Let batch normalization update copies of its statistics, because the forward pass has already updated them."""
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    buffers = [(layer, name, buffer) for layer in layers for name, buffer in layer.named_buffers(recurse=False)]
    for layer, name, buffer in buffers:
        setattr(layer, name, buffer.clone())
    try:
        yield
    finally:
        for layer, name, buffer in buffers:
            setattr(layer, name, buffer)
