"""The step of a network as a CUDA graph, which launches all of its kernels at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdkvm_monai.export.forms import Step
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["CudaGraphStep"]

WARMUPS = 3
"""Steps before a capture: cuDNN chooses its algorithms and libraries allocate their workspaces in the first ones."""


@dataclass(frozen=True)
class _Graph:
    """A captured step with the tensors that it reads and writes."""

    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class CudaGraphStep:
    """Run the step of a network on CUDA as a graph, captured at the first call for each shape and precision.

    A step of a small network takes longer to launch than to compute; a graph is launched as a whole. The weights must
    not be replaced or moved after the first call. Not for use in several threads at once.

    Args:
        network: network in evaluation mode on CUDA.
    """

    def __init__(self, network: GDKVM) -> None:
        self._step = Step(network)
        self._graphs: dict[tuple, _Graph] = {}

    @torch.no_grad()
    def __call__(self, frame: Tensor, memory: Tensor, foreground: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Segment one frame ``(B, C, H, W)``; returns logits, next memory, and next foreground, as new tensors."""
        tensors = tuple(tensor.as_subclass(Tensor) for tensor in (frame, memory, foreground))
        precision = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else None
        key = (precision, *((tensor.shape, tensor.dtype) for tensor in tensors))
        if key not in self._graphs:
            self._graphs[key] = self._capture(tensors, precision)
        captured = self._graphs[key]
        for ours, given in zip(captured.inputs, tensors):
            ours.copy_(given)
        captured.graph.replay()
        logits, next_memory, next_foreground = (output.clone() for output in captured.outputs)
        return logits, next_memory, next_foreground

    def _capture(self, tensors: tuple[Tensor, ...], precision: torch.dtype | None) -> _Graph:
        inputs = tuple(tensor.clone() for tensor in tensors)
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        # a cast that autocast keeps from one call to the next would lie outside of the graph
        with torch.autocast("cuda", precision, enabled=precision is not None, cache_enabled=False):
            with torch.cuda.stream(stream):
                for _ in range(WARMUPS):
                    self._step(*inputs)
            torch.cuda.current_stream().wait_stream(stream)
            with torch.cuda.graph(graph):
                outputs = self._step(*inputs)
        return _Graph(graph, inputs, outputs)
