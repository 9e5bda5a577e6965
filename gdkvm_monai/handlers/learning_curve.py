"""The learning curve of a training run as a table and a plot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import ignite.distributed as idist
from ignite.engine import Engine, Events
from monai.config import PathLike
from monai.handlers import from_engine

from gdkvm_monai.files import write_csv
from gdkvm_monai.handlers.resumable import register_part
from gdkvm_monai.visualize.curves import plot_learning_curve

__all__ = ["LearningCurve"]


class LearningCurve:
    """Write ``learning_curve.csv`` and ``learning_curve.png`` after every epoch of a trainer.

    In distributed training, only the first process writes: its own loss, and the metrics of all processes.

    Args:
        output_dir: folder for both files; created if missing.
        evaluator: validator whose metrics are recorded with the trainer's iteration.
    """

    def __init__(self, output_dir: PathLike, evaluator: Engine | None = None) -> None:
        self.output_dir = Path(output_dir)
        self.evaluator = evaluator
        self.trainer: Engine
        self.series: dict[str, list[tuple[int, float]]] = defaultdict(list)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer, after its validation."""
        self.trainer = engine
        register_part(engine, "learning_curve", self)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.record_loss)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.write)
        if self.evaluator is not None:
            self.evaluator.add_event_handler(Events.COMPLETED, self.record_metrics)

    def state_dict(self) -> dict[str, list[tuple[int, float]]]:
        """Return the curve recorded so far: iterations and values by series."""
        return dict(self.series)

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore the curve of an interrupted run."""
        self.series = defaultdict(list, {name: list(points) for name, points in state_dict.items()})

    def record_loss(self, engine: Engine) -> None:
        """Record the loss of an iteration."""
        loss = float(from_engine(["loss"], first=True)(engine.state.output))
        self.series["train_loss"].append((engine.state.iteration, loss))

    def record_metrics(self, engine: Engine) -> None:
        """Record the scalar metrics of a validation."""
        for name, value in engine.state.metrics.items():
            self.series[name].append((self.trainer.state.iteration, float(value)))

    @idist.one_rank_only()
    def write(self, engine: Engine) -> None:
        """Write the curve recorded so far, on the first process."""
        points = [(name, *point) for name, series in self.series.items() for point in series]
        columns = ("series", "iteration", "value")
        write_csv(self.output_dir / "learning_curve.csv", [dict(zip(columns, point)) for point in points], columns)
        plot_learning_curve(self.series, self.output_dir / "learning_curve.png")
