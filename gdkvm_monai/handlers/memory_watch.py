"""What happens in a memory between two frames, recorded from outside, so that the network stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from gdkvm_monai.networks.blocks import GatedDeltaMemory

__all__ = ["MemoryWatch", "Written"]


@dataclass
class Written:
    """One write: its gates and, after the backward pass, their gradients, and the state that it left.

    Attributes:
        gates: ``alpha``, ``(B, V, K)``, and ``beta``, ``(B, V, 1)``, as far as the update rule has them.
        gradients: gradients of the loss with respect to them.
        state: memory after the write, ``(B, V, K)``.
    """

    gates: dict[str, Tensor]
    gradients: dict[str, Tensor] = field(default_factory=dict)
    state: Tensor = field(default_factory=lambda: torch.empty(0))


class MemoryWatch:
    """Record every write of a memory between :meth:`start` and :meth:`stop`.

    Writes without gradients are not recorded: with gradient checkpointing, the one that is recomputed counts.

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
        gates, write = self.memory.gates, self.memory.write

        def watched_gates(state: Tensor) -> tuple[Tensor, Tensor]:
            both = gates(state)
            if torch.is_grad_enabled():
                self.writes.append(self._record(dict(zip(("alpha", "beta"), both))))
            return both

        def watched_write(state: Tensor, key: Tensor, value: Tensor) -> Tensor:
            written = write(state, key, value)
            if torch.is_grad_enabled():
                self.writes[-1].state = written.detach()
            return written

        self.memory.gates, self.memory.write = watched_gates, watched_write  # type: ignore[method-assign]

    def stop(self) -> list[Written]:
        """Return what was recorded, and leave the memory alone."""
        for name in ("gates", "write"):
            self.memory.__dict__.pop(name, None)
        return self.writes

    def _record(self, both: dict[str, Tensor]) -> Written:
        written = Written({name: both[name].detach() for name in self.names})
        for name in self.names:
            if both[name].requires_grad:
                both[name].register_hook(lambda gradient, name=name: written.gradients.update({name: gradient}))
        return written
