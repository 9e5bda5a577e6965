"""What an iteration draws depends on the seed, the process, and the iteration."""

from __future__ import annotations

import random

import ignite.distributed as idist
import numpy as np
import pytest
import torch
from ignite.engine import Engine

from gdkvm_monai.data import TrainingLoader
from gdkvm_monai.handlers import IterationSeeds


def draws(seed: int, iterations: int, first: int = 0) -> list[tuple[float, float, float]]:
    trainer = Engine(lambda engine, batch: found.append((random.random(), np.random.rand(), float(torch.rand(())))))
    found: list[tuple[float, float, float]] = []
    IterationSeeds(seed).attach(trainer)
    trainer.load_state_dict({"iteration": first, "epoch_length": iterations, "max_epochs": 1})
    trainer.run([None] * iterations)
    return found


def test_every_iteration_draws_other_numbers_and_the_same_ones_again():
    first = draws(3, 5)
    assert len({number for numbers in first for number in numbers}) == 15
    np.random.seed(99)
    assert draws(3, 5) == first and draws(4, 5)[0] != first[0]


def test_an_interrupted_run_continues_with_the_numbers_of_its_iteration():
    assert draws(3, 5, first=2) == draws(3, 5)[2:]


def test_processes_draw_different_numbers(monkeypatch):
    one = draws(3, 2)
    monkeypatch.setattr(idist, "get_rank", lambda: 1)
    assert draws(3, 2)[0] != one[0]


def test_a_training_set_with_another_number_of_clips_is_not_resumed():
    def attached(count: int) -> IterationSeeds:
        trainer, seeds = Engine(lambda engine, batch: None), IterationSeeds()
        trainer.data_loader = TrainingLoader(list(range(count)))
        seeds.attach(trainer)
        return seeds

    attached(5).load_state_dict(attached(5).state_dict())
    with pytest.raises(ValueError, match="4 clips, but 5 before"):
        attached(4).load_state_dict(attached(5).state_dict())


def test_the_loader_continues_at_the_trainers_iteration():
    def run(first: int) -> list[list[float]]:
        trainer = Engine(lambda engine, batch: seen.append([float(item) for item in batch]))
        seen: list[list[float]] = []
        trainer.data_loader = TrainingLoader([0.0, 1.0, 2.0, 3.0, 4.0], batch_size=2)
        IterationSeeds().attach(trainer)
        trainer.load_state_dict({"iteration": first, "epoch_length": 4, "max_epochs": 2})
        trainer.run(trainer.data_loader)
        return seen

    whole = run(0)
    assert len(whole) == 8
    assert all(run(first) == whole[first:] for first in (1, 3, 4, 5))
