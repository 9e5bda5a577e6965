"""A training run from its start to the line that says what to do next."""

from __future__ import annotations

import logging
import sys

import ignite.distributed as idist
from ignite.engine import Engine, Events

from gdkvm_monai.handlers.stop_signals import StopSignals, command_to_resume
from gdkvm_monai.handlers.training_checkpoint import TrainingCheckpoint
from gdkvm_monai.handlers.training_failure import explain_failure

__all__ = ["TrainingRun"]


class TrainingRun:
    """Run a trainer; a signal or an error ends it with what was kept and the command that continues.

    Args:
        trainer: trainer of MONAI.
        checkpoint: the trainer's checkpoint.
    """

    def __init__(self, trainer: Engine, checkpoint: TrainingCheckpoint) -> None:
        self.trainer, self.checkpoint = trainer, checkpoint
        self.stop_signals = StopSignals(trainer, checkpoint)
        self.completed = 0
        self.logger = logging.getLogger(type(self).__name__)
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self._count)

    def run(self) -> None:
        """Train.

        Raises:
            SystemExit: if a signal stopped training.
            Exception: if training failed; the log then ends with the cause and the command that continues.
        """
        try:
            self.stop_signals.run()
        except Exception as error:
            self._report(error)
            raise

    def _count(self, engine: Engine) -> None:
        self.completed = engine.state.iteration

    def _report(self, error: Exception) -> None:
        """Save what is complete, and log why training failed."""
        state = self.trainer.state
        cause = explain_failure(error)
        if idist.get_world_size() == 1 and self.checkpoint.saved < self.completed == state.iteration:
            try:  # it failed between two iterations, for example because of a clip
                self.checkpoint.save(self.trainer)
            except OSError as full:
                cause += f", and {explain_failure(full)}"
        kept = f"{self.checkpoint.file.newest} holds iteration {self.checkpoint.saved}"
        self.logger.error(
            f"training failed after iteration {self.completed}: {cause}. "
            + (f"{kept}; continue with: {command_to_resume(sys.orig_argv)}" if self.checkpoint.saved else "")
        )
