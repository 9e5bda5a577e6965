"""The parts of a run have states of plain data that restore them."""

from __future__ import annotations

import torch
from ignite.engine import Engine
from ignite.handlers.ema_handler import EMAHandler
from monai.engines import SupervisedEvaluator
from torch import nn

from gdkvm_monai.handlers import EarlyStopping, LearningCurve
from gdkvm_monai.handlers.resumable import AverageState, BestMetric, register_part, registered_parts


def make_evaluator() -> SupervisedEvaluator:
    return SupervisedEvaluator(torch.device("cpu"), [{}], nn.Linear(1, 1))


def test_every_registered_handler_is_a_part_of_its_trainer(tmp_path):
    trainer, evaluator = Engine(lambda engine, batch: None), make_evaluator()
    LearningCurve(tmp_path).attach(trainer)
    EarlyStopping(evaluator).attach(trainer)
    register_part(trainer, "other", nn.Linear(1, 1))
    assert set(registered_parts(trainer)) == {"learning_curve", "early_stopping", "other"}
    assert registered_parts(evaluator) == {}


def test_a_learning_curve_continues_after_its_last_point(tmp_path):
    first, second = LearningCurve(tmp_path), LearningCurve(tmp_path)
    first.series["train_loss"] = [(1, 0.5), (2, 0.25)]
    second.load_state_dict(first.state_dict())
    second.series["val_mean_dice"].append((2, 0.1))
    assert second.series == {"train_loss": [(1, 0.5), (2, 0.25)], "val_mean_dice": [(2, 0.1)]}
    assert "val_mean_dice" not in first.series


def test_the_best_metric_is_restored_as_a_number():
    first, second = make_evaluator(), make_evaluator()
    first.state.best_metric, first.state.best_metric_epoch = torch.tensor(0.75), 4
    state = BestMetric(first).state_dict()
    assert all(type(value) in (float, int) for value in state.values())
    BestMetric(second).load_state_dict(state)
    assert (second.state.best_metric, second.state.best_metric_epoch) == (0.75, 4)


def test_the_average_continues_in_its_warmup():
    def averaged(updates: int, start: EMAHandler | None = None) -> EMAHandler:
        torch.manual_seed(1)
        handler = EMAHandler(nn.Linear(2, 2), momentum=0.1, momentum_warmup=0.9, warmup_iters=6)
        trainer = Engine(lambda engine, batch: nn.init.constant_(handler.model.weight, batch))
        handler.attach(trainer)
        if start is not None:
            AverageState(handler).load_state_dict(AverageState(start).state_dict())
        trainer.run([float(i) for i in range(updates)], max_epochs=1)
        return handler

    once, twice = averaged(4), averaged(2, start=averaged(2))
    assert AverageState(once).state_dict()["updates"] == AverageState(twice).state_dict()["updates"] == 4
    assert not torch.equal(once.ema_model.weight, averaged(2).ema_model.weight)
