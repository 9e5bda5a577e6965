"""Random numbers that depend on the seed and the iteration only, so that nothing random has to be saved."""

from __future__ import annotations

from collections.abc import Mapping

import ignite.distributed as idist
from ignite.engine import Engine, Events
from ignite.utils import manual_seed

from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.data.training_loader import TrainingLoader
from gdkvm_monai.handlers.resumable import register_part

__all__ = ["IterationSeeds"]

NETWORK = 2
"""Stream of random numbers, beside those of the loader."""


class IterationSeeds:
    """Seed the global generators in every iteration of a trainer, and let its loader start at its iteration.

    What an iteration draws (dropout, for example) is then a function of the seed, the process, and the iteration,
    whether or not training was interrupted before. Attach this after the handler that resumes training.

    Args:
        seed: non-negative seed of the run.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.loader: TrainingLoader | None = None

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        loader = getattr(engine, "data_loader", None)
        self.loader = loader if isinstance(loader, TrainingLoader) else None
        register_part(engine, "loader", self)
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_STARTED, self.seed_iteration)

    def state_dict(self) -> dict[str, int]:
        """Return the number of training clips; the position of the loader follows from the iteration."""
        return {"clips": len(self.loader.dataset) if self.loader is not None else 0}  # type: ignore[arg-type]

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Check that the training set is that of the interrupted run.

        Raises:
            ValueError: if the number of clips has changed.
        """
        before, now = state_dict["clips"], self.state_dict()["clips"]
        if before != now:
            raise ValueError(f"the training set has {now} clips, but {before} before the interruption; restore it.")

    def start(self, engine: Engine) -> None:
        """Let the loader continue at the trainer's iteration."""
        if self.loader is not None:
            self.loader.start_at(engine.state.iteration)

    def seed_iteration(self, engine: Engine) -> None:
        """Seed the generators of Python, NumPy, and PyTorch."""
        numbers = self.seed, idist.get_rank(), engine.state.iteration
        manual_seed(int(random_generator(numbers, NETWORK).integers(2**32)))
