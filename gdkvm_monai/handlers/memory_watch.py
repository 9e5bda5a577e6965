"""What happens in a memory between two frames, recorded from outside, so that the network stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from gdkvm_monai.networks.blocks import GatedDeltaMemory

__all__ = ["MemoryWatch", "Written"]


@dataclass
class Written:
    """One frame: its gates and, after the backward pass, their gradients, and the state that is then read.

    Attributes:
        gates: ``alpha``, ``(B, V, K)``, and ``beta``, ``(B, V, 1)``, as far as the update rule has them.
        gradients: gradients of the loss with respect to them.
        state: memory after the frame, ``(B, V, K)``.
    """

    gates: dict[str, Tensor]
    gradients: dict[str, Tensor] = field(default_factory=dict)
    state: Tensor = field(default_factory=lambda: torch.empty(0))


class MemoryWatch:
    """Record every frame that is written to and read from a memory between :meth:`start` and :meth:`stop`.

    Stop before the backward pass, in which gradient checkpointing writes every frame again; gradients are recorded
    nevertheless. Frames that need none, as in validation, are not recorded.

    Args:
        memory: memory to watch.
    """

    def __init__(self, memory: GatedDeltaMemory) -> None:
        self.memory = memory
        self.names = [name for name in ("alpha", "beta") if not isinstance(getattr(memory, name), nn.Identity)]
        self.writes: list[Written] = []

    def start(self) -> None:
        """Forget earlier writes and record from now on."""
        self.writes = []
        gates, read = self.memory.gates, self.memory.read

        def watched_gates(state: Tensor) -> tuple[Tensor, Tensor]:
            both = gates(state)
            if torch.is_grad_enabled():
                self.writes.append(self._record(dict(zip(("alpha", "beta"), both))))
            return both

        def watched_read(state: Tensor, key: Tensor) -> Tensor:
            if torch.is_grad_enabled():
                self.writes[-1].state = state.detach()
            return read(state, key)

        self.memory.gates, self.memory.read = watched_gates, watched_read  # type: ignore[method-assign]

    def stop(self) -> list[Written]:
        """Leave the memory alone, and return what was recorded."""
        for name in ("gates", "read"):
            self.memory.__dict__.pop(name, None)
        return self.writes

    def _record(self, both: dict[str, Tensor]) -> Written:
        written = Written({name: both[name].detach() for name in self.names})
        for name in self.names:
            if both[name].requires_grad:
                both[name].register_hook(lambda gradient, name=name: written.gradients.update({name: gradient}))
        return written
