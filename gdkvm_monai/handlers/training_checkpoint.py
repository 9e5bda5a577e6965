"""A training run that continues where it was stopped, as if it had not been stopped."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ignite.distributed as idist
from ignite.engine import Engine, Events
from ignite.handlers import Checkpoint
from ignite.handlers.ema_handler import EMAHandler
from monai.config import PathLike
from monai.handlers import IgniteMetricHandler

from gdkvm_monai.configs.errors import is_ours
from gdkvm_monai.handlers.checkpoint_file import CheckpointFile
from gdkvm_monai.handlers.executed_config import config_sha256, first_change
from gdkvm_monai.handlers.resumable import AverageState, BestMetric, Part, registered_parts
from gdkvm_monai.handlers.training_scores import TrainingScores

__all__ = ["TrainingCheckpoint"]


@dataclass
class TrainingCheckpoint:
    """Save the whole state of training, and restore it when training starts.

    The file holds the network, the weight average, the optimizer, the scheduler, the iteration, the best metric, the
    scores of the epoch, the handlers with a state, and the config. It is written before and after the validation at
    the end of an epoch, and in between. Random states and the position of the loader are not saved, because both are
    functions of the seed and the iteration, see :class:`~gdkvm_monai.handlers.iteration_seeds.IterationSeeds`. In
    distributed training, the first process writes, and all processes read.

    Attach it after all other handlers of the trainer, so that a saved iteration is complete.

    Attributes:
        path: file to write, such as ``checkpoint.pt``; the previous one is kept beside it.
        config: the executed config as JSON text; a checkpoint of another config is not resumed.
        evaluator: validator whose best metric is kept.
        lr_scheduler: learning rate scheduler, if any.
        weight_average: Ignite's moving average of the weights, if any.
        metrics: metrics of the trainer, if any.
        interval: number of iterations between two checkpoints within an epoch; 0 saves at the end of epochs only.
        resume: whether to continue from the file; if there is none, training starts from the beginning.
        weights_dir: folder with the weights of the run; by default ``models`` beside the file.
        saved: iteration that this run saved or resumed last, 0 if none.
    """

    path: PathLike
    config: str = "{}"
    evaluator: Engine | None = None
    lr_scheduler: Part | None = None
    weight_average: EMAHandler | None = None
    metrics: Mapping[str, IgniteMetricHandler] | None = None
    interval: int = 100
    resume: bool = False
    weights_dir: PathLike | None = None

    def __post_init__(self) -> None:
        if self.interval < 0:
            raise ValueError(f"checkpoint_interval is {self.interval}, expected iterations, or 0 for none in an epoch.")
        self.file = CheckpointFile(self.path)
        self.weights_dir = Path(self.weights_dir or self.file.path.with_name("models"))
        self.saved = 0
        self.replaced: Path | None = None  # where an earlier run in the same folder is kept
        self.logger = logging.getLogger(type(self).__name__)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer of MONAI."""
        TrainingScores(self.metrics or {}).attach(engine)
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.save_iteration)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.save_epoch)

    def start(self, engine: Engine) -> None:
        """Restore the state of the checkpoint if training is to be resumed.

        Raises:
            ValueError: if the file is damaged, or belongs to a run with another config.
        """
        if not self.resume:
            if self.file.newest is not None and engine.state.iteration == 0 and idist.get_rank() == 0:
                self.replaced = self.file.set_aside(self.weights_dir)
                self.logger.warning(
                    f"{self.file.path.parent} holds an earlier run, which is kept in {self.replaced}; to continue that "
                    f"run, repeat its command, which its run.json states, with --run_dir {self.replaced} --resume True."
                )
            return
        self.resume = False  # an engine can run several times
        if self.file.newest is None:
            self.logger.info(f"there is no {self.path} to resume from; training starts from the beginning.")
            return
        state = self.file.read()
        self._check(state)
        self._restore(engine, state["parts"])
        self.saved = engine.state.iteration
        total = engine.state.max_epochs * engine.state.epoch_length
        self.logger.info(f"resumed {self.file.newest} at iteration {engine.state.iteration} of {total}")
        if _at_the_end_of_an_epoch(engine) and not state["validated"]:
            engine.fire_event(Events.EPOCH_COMPLETED)
        if state["finished"]:
            engine.terminate()

    def _restore(self, engine: Engine, states: Mapping) -> None:
        parts = self._parts(engine)
        if missing := sorted(set(parts) - set(states)):
            raise self.file.refusal(f"is incomplete: it has no {', '.join(missing)}")
        try:
            Checkpoint.load_objects(parts, states)
        except Exception as error:  # each part raises its own types of errors for what is not its state
            if isinstance(error, ValueError) and is_ours(error):
                raise
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise self.file.refusal(f"does not fit this run ({reason:.200})") from error

    def _check(self, state: Mapping) -> None:
        """Refuse a state that this run would not continue as it was."""
        if state["config_sha256"] != config_sha256(self.config):
            change = first_change(state["config"], self.config)
            raise ValueError(
                f"{self.file.newest} belongs to a run with another config: {change}; repeat that run's command with "
                "--resume True, or choose another --run_dir."
            )
        saved, present = state["processes"], idist.get_world_size()
        if saved != present:
            raise ValueError(f"{self.file.newest} belongs to a run in {saved} processes, not {present}; use {saved}.")

    def save_iteration(self, engine: Engine) -> None:
        """Save at the interval, and after the last iteration of an epoch."""
        if _at_the_end_of_an_epoch(engine) or self.interval and engine.state.iteration % self.interval == 0:
            self.save(engine)

    def save_epoch(self, engine: Engine) -> None:
        """Save after an epoch, unless its validation was stopped."""
        if self.evaluator is None or not self.evaluator.should_terminate:
            self.save(engine, validated=True)

    def save(self, engine: Engine, validated: bool = False) -> None:
        """Write the state, on the first process; call this on all processes.

        Args:
            engine: the trainer, after an iteration.
            validated: whether the epoch that ends with this iteration is complete, with its validation.
        """
        state = {
            "config": self.config,
            "config_sha256": config_sha256(self.config),
            "processes": idist.get_world_size(),
            "validated": validated,
            "finished": bool(engine.should_terminate),
            "parts": {name: part.state_dict() for name, part in self._parts(engine).items()},
        }
        if idist.get_rank() == 0:
            self.file.remove_leftovers()
            self.file.write(state)
        self.saved = engine.state.iteration

    def _parts(self, engine: Engine) -> dict[str, Part]:
        parts = {
            "network": getattr(engine.network, "module", engine.network),
            "optimizer": engine.optimizer,
            "lr_scheduler": self.lr_scheduler,
            "scaler": engine.scaler,
            "trainer": engine,
            "best_training": BestMetric(engine),
            "best_validation": BestMetric(self.evaluator) if self.evaluator is not None else None,
            "weight_average": AverageState(self.weight_average) if self.weight_average is not None else None,
        }
        return {**{name: part for name, part in parts.items() if part is not None}, **registered_parts(engine)}


def _at_the_end_of_an_epoch(engine: Engine) -> bool:
    return engine.state.iteration > 0 and engine.state.iteration % engine.state.epoch_length == 0
