"""The parts of a training run that a checkpoint holds: everything with a state that the next iteration depends on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ignite.engine import Engine
from ignite.handlers.ema_handler import EMAHandler

__all__ = ["AverageState", "BestMetric", "Part", "register_part", "registered_parts"]


class Part(Protocol):
    """An object whose state can be saved and restored."""

    def state_dict(self) -> Mapping:
        """Return the state as tensors and plain data."""
        ...

    def load_state_dict(self, state_dict: Mapping) -> object:
        """Restore a state."""
        ...


def register_part(trainer: Engine, name: str, part: Part) -> None:
    """Add a handler with a state to what the checkpoint of a trainer holds; call this when it is attached."""
    trainer.state.parts = {**registered_parts(trainer), name: part}


def registered_parts(trainer: Engine) -> dict[str, Part]:
    """Return the registered handlers of a trainer by name."""
    return dict(getattr(trainer.state, "parts", {}))


class BestMetric:
    """The best key metric of a MONAI engine and its epoch."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def state_dict(self) -> dict[str, float | int]:
        """Return the best metric and its epoch."""
        state = self.engine.state
        return {"best_metric": float(state.best_metric), "best_metric_epoch": int(state.best_metric_epoch)}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore the best metric and its epoch."""
        self.engine.state.best_metric = state_dict["best_metric"]
        self.engine.state.best_metric_epoch = state_dict["best_metric_epoch"]


class AverageState:
    """The averaged weights of Ignite's ``EMAHandler``, and the position in the warmup of its momentum."""

    def __init__(self, handler: EMAHandler) -> None:
        self.handler = handler

    def state_dict(self) -> dict[str, object]:
        """Return the weights and the number of updates."""
        return {"weights": self.handler.ema_model.state_dict(), "updates": getattr(self._schedule, "event_index", 0)}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore the weights and the number of updates."""
        self.handler.ema_model.load_state_dict(state_dict["weights"])
        if self._schedule is not None:
            self._schedule.event_index = state_dict["updates"]

    @property
    def _schedule(self):
        return getattr(self.handler, "momentum_scheduler", None)
