"""Random numbers that depend on the seed and the iteration only, so that nothing random has to be saved."""

from __future__ import annotations

import ignite.distributed as idist
from ignite.engine import Engine, Events
from ignite.utils import manual_seed

from gdkvm_monai.data.phantom.seeds import random_generator
from gdkvm_monai.data.training_loader import TrainingLoader

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

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_STARTED, self.seed_iteration)

    def start(self, engine: Engine) -> None:
        """Let the loader continue at the trainer's iteration."""
        loader = getattr(engine, "data_loader", None)
        if isinstance(loader, TrainingLoader):
            loader.start_at(engine.state.iteration)

    def seed_iteration(self, engine: Engine) -> None:
        """Seed the generators of Python, NumPy, and PyTorch."""
        numbers = self.seed, idist.get_rank(), engine.state.iteration
        manual_seed(int(random_generator(numbers, NETWORK).integers(2**32)))
