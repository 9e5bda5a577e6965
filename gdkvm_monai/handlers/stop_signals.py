"""Ctrl-C and SIGTERM end a training run after its current iteration, with everything saved."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import ignite.distributed as idist
import torch.distributed as dist
from ignite.engine import Engine, Events

from gdkvm_monai.handlers.commands import command_to_resume
from gdkvm_monai.handlers.training_checkpoint import TrainingCheckpoint

__all__ = ["StopSignals"]


class StopSignals:
    """Run a trainer, and stop it on Ctrl-C (SIGINT) and SIGTERM with a checkpoint.

    The signal takes effect after the current iteration of training or validation. One line then states what was kept
    and the command that continues, and the process exits with 130 (SIGINT) or 143 (SIGTERM). A second signal ends the
    process at once. In distributed training, all processes stop after the same iteration.

    Args:
        trainer: trainer of MONAI.
        checkpoint: the trainer's checkpoint.
    """

    def __init__(self, trainer: Engine, checkpoint: TrainingCheckpoint) -> None:
        self.trainer, self.checkpoint = trainer, checkpoint
        self.received = 0
        trainer.add_event_handler(Events.ITERATION_COMPLETED, self._stop_iteration)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, self._stop_epoch)
        if checkpoint.evaluator is not None:
            checkpoint.evaluator.add_event_handler(Events.ITERATION_COMPLETED, self._stop_validation)

    def run(self) -> None:
        """Train.

        Raises:
            SystemExit: if a signal stopped training.
        """
        with self._signals():
            self.trainer.run()
        if self.received:
            self._exit()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():  # Python handles signals in the main thread only
            yield
            return
        before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            sys.exit(128 + number)
        self.received = number

    def _agreed(self) -> bool:
        """Return whether a process received a signal; all of them then stop."""
        if idist.get_world_size() > 1:
            self.received = int(idist.all_reduce(self.received, "MAX"))
        return bool(self.received)

    def _stop_iteration(self, engine: Engine) -> None:
        if self._agreed():
            self.checkpoint.save(engine)
            engine.terminate(skip_completed=True)

    def _stop_validation(self, evaluator: Engine) -> None:
        if self._agreed():
            evaluator.terminate(skip_completed=True)

    def _stop_epoch(self, engine: Engine) -> None:
        if self._agreed():
            engine.terminate(skip_completed=True)

    def _exit(self) -> None:
        state, path = self.trainer.state, self.checkpoint.file.newest
        if idist.get_rank() == 0:
            total = state.max_epochs * state.epoch_length
            name = signal.Signals(self.received).name
            print(
                f"stopped by {name}; {path} holds iteration {state.iteration} of {total}. Continue with: "
                f"{command_to_resume(sys.orig_argv)}",
                file=sys.stderr,
                flush=True,
            )
        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()
        sys.exit(128 + self.received)
