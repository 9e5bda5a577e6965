"""Validation takes place at its interval, and always after the last epoch."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Engine
from monai.engines import SupervisedEvaluator

from gdkvm_monai.handlers import EpochValidation


@pytest.mark.parametrize(
    "epochs, interval, validated", [(4, 1, [1, 2, 3, 4]), (4, 2, [2, 4]), (5, 2, [2, 4, 5]), (2, 5, [2])]
)
def test_it_validates_at_the_interval_and_after_the_last_epoch(epochs, interval, validated):
    seen: list[int] = []
    evaluator = SupervisedEvaluator("cpu", [], torch.nn.Identity(), epoch_length=0)
    evaluator.run = seen.append
    trainer = Engine(lambda engine, batch: None)
    EpochValidation(evaluator, interval).attach(trainer)
    trainer.run([0, 1], max_epochs=epochs)
    assert seen == validated


def test_an_interval_of_zero_is_refused():
    with pytest.raises(ValueError, match="val_interval is 0"):
        EpochValidation(SupervisedEvaluator("cpu", [], torch.nn.Identity(), epoch_length=0), 0)
