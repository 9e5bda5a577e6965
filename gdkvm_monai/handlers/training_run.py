"""A training run from its start to the line that says what to do next."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import ignite.distributed as idist
from ignite.engine import Engine, Events
from monai.config import PathLike

from gdkvm_monai.handlers.commands import command_to_evaluate, command_to_resume
from gdkvm_monai.handlers.resumable import register_part
from gdkvm_monai.handlers.run_lock import run_lock
from gdkvm_monai.handlers.run_recipe import RunRecipe
from gdkvm_monai.handlers.stop_signals import StopSignals
from gdkvm_monai.handlers.training_checkpoint import TrainingCheckpoint
from gdkvm_monai.handlers.training_failure import explain_failure
from gdkvm_monai.handlers.weights_start import recorded_start

__all__ = ["TrainingRun"]


class TrainingRun:
    """Run a trainer, and leave its recipe: the config, command, versions, log, and scores.

    The log states the time that is left after each epoch. A signal or an error ends the run with what was kept and the
    command that continues; otherwise, the last line names the weights and the command that scores them.

    Args:
        trainer: trainer of MONAI.
        checkpoint: the trainer's checkpoint, with the executed config and the folder of the weights.
        folder: folder for ``config.json``, ``run.json``, ``metrics.json``, and ``log.txt``; created if missing.
    """

    def __init__(self, trainer: Engine, checkpoint: TrainingCheckpoint, folder: PathLike) -> None:
        self.trainer, self.checkpoint = trainer, checkpoint
        self.recipe = RunRecipe(Path(folder), checkpoint.config)
        self.stop_signals = StopSignals(trainer, checkpoint)
        self.completed = self.first = 0
        self.seconds, self.started = 0.0, time.monotonic()
        self.logger = logging.getLogger(type(self).__name__)
        self.log: logging.Handler = logging.NullHandler()
        register_part(trainer, "run", self)
        trainer.add_event_handler(Events.STARTED, self._start)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self._count)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, self._report_epoch)

    def state_dict(self) -> dict[str, float]:
        """Return the duration of training so far."""
        return {"seconds": self.seconds + time.monotonic() - self.started}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Add the duration before an interruption."""
        self.seconds = state_dict["seconds"]

    def run(self) -> None:
        """Train.

        Raises:
            RuntimeError: if another process trains in the same folder.
            SystemExit: if a signal stopped training.
            Exception: if training failed; the log then ends with the cause and the command that continues.
        """
        with run_lock(self.recipe.folder):
            self._train()
        self._report_end()

    def _train(self) -> None:
        self.started = time.monotonic()
        try:
            self.stop_signals.run()
        except Exception as error:
            self._report_failure(error)
            raise
        finally:
            logging.getLogger().removeHandler(self.log)
            self.log.close()

    def _start(self, engine: Engine) -> None:
        self.first = self.completed = engine.state.iteration
        if idist.get_rank() == 0:
            if self.checkpoint.replaced:
                self.recipe.keep_in(self.checkpoint.replaced)
            self.recipe.write_start(self.first, recorded_start(engine))
            self.log = logging.FileHandler(self.recipe.folder / "log.txt", "a" if self.first else "w", "utf-8")
            self.log.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
            logging.getLogger().addHandler(self.log)

    def _count(self, engine: Engine) -> None:
        self.completed = engine.state.iteration

    def _report_epoch(self, engine: Engine) -> None:
        """Log the time that is left, and write the scores."""
        state, done = engine.state, engine.state.iteration - self.first
        if not done or idist.get_rank() != 0:
            return
        each = (time.monotonic() - self.started) / done
        left = each * (state.max_epochs * state.epoch_length - state.iteration)
        self.logger.info(
            f"epoch {state.epoch} of {state.max_epochs}: {each:.2f} s per iteration, about {_duration(left)} left"
        )
        self.recipe.write_metrics(engine, self.checkpoint.evaluator, self.state_dict()["seconds"])

    def _report_end(self) -> None:
        if idist.get_rank() == 0:
            final = Path(self.checkpoint.weights_dir, "model_final.pt")
            print(
                f"trained {self.trainer.state.iteration} iterations in {_duration(self.state_dict()['seconds'])}; "
                f"{final} holds the last weights, model.pt the best. Next: {command_to_evaluate(sys.orig_argv, final)}"
            )

    def _report_failure(self, error: Exception) -> None:
        """Save what is complete, and log why training failed."""
        state, cause = self.trainer.state, explain_failure(error)
        if idist.get_world_size() == 1 and self.checkpoint.saved < self.completed == state.iteration:
            try:  # it failed between two iterations, for example because of a clip
                self.checkpoint.save(self.trainer)
            except OSError as full:
                cause += f", and {explain_failure(full)}"
        advice = f"{self.checkpoint.file.newest} holds iteration {self.checkpoint.saved}; continue with: "
        advised = isinstance(error, FloatingPointError) or not self.checkpoint.saved  # the same command fails again
        self.logger.error(
            f"training failed after iteration {self.completed}: {cause}."
            + ("" if advised else f" {advice}{command_to_resume(sys.orig_argv)}")
        )


def _duration(seconds: float) -> str:
    """Return a duration in words.

    Example:
        >>> _duration(40), _duration(400), _duration(40_000)
        ('40 s', '7 min', '11.1 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
