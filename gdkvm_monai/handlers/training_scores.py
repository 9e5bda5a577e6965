"""Scores of training that are collected over an epoch, and survive an interruption in it."""

from __future__ import annotations

from collections.abc import Mapping

import ignite.distributed as idist
import torch.distributed as dist
from ignite.engine import Engine, Events
from monai.handlers import IgniteMetricHandler

from gdkvm_monai.handlers.resumable import Part, register_part

__all__ = ["TrainingScores"]


class TrainingScores:
    """Keep what the metrics of a trainer have collected in an epoch; each process keeps its own part.

    Args:
        metrics: the trainer's metrics by name; those whose ``metric_fn`` has no state, such as MONAI's own, are
            collected anew after an interruption.
    """

    def __init__(self, metrics: Mapping[str, IgniteMetricHandler]) -> None:
        metric_fns = {name: getattr(handler, "metric_fn", None) for name, handler in metrics.items()}
        self.metrics: dict[str, Part] = {name: fn for name, fn in metric_fns.items() if hasattr(fn, "load_state_dict")}
        self._restored: list[Mapping[str, Mapping]] = []

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer, after its metrics."""
        register_part(engine, "training_scores", self)
        engine.add_event_handler(Events.EPOCH_STARTED, self._restore)  # where the metrics have just been reset
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._reset)

    def state_dict(self) -> dict[str, list]:
        """Return the scores of all processes."""
        own = {name: metric.state_dict() for name, metric in self.metrics.items()}
        processes = [own]
        if idist.get_world_size() > 1:
            processes = [{}] * idist.get_world_size()
            dist.all_gather_object(processes, own)
        return {"processes": processes}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore the scores of this process."""
        self._restored = [state_dict["processes"][idist.get_rank()]]
        self._restore()

    def _restore(self) -> None:
        for states in self._restored:
            for name, metric in self.metrics.items():
                metric.load_state_dict(states[name])

    def _reset(self) -> None:
        self._restored = []
        for metric in self.metrics.values():
            metric.reset()  # type: ignore[attr-defined]
