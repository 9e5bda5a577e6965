"""The course of a run: every loss, and every validation at its iteration."""

from __future__ import annotations

import csv

import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import ValidationHandler
from PIL import Image
from torch import nn

from gdkvm_monai.handlers import LearningCurve


@pytest.fixture
def make_trainer():
    """A MONAI trainer with three iterations per epoch and the losses 0, 1, 2, ..."""

    def build(epochs: int) -> SupervisedTrainer:
        network, losses = nn.Linear(2, 1), iter(range(100))
        return SupervisedTrainer(
            device=torch.device("cpu"),
            max_epochs=epochs,
            train_data_loader=[{"image": torch.ones(1, 2), "label": torch.zeros(1, 1)}] * 3,
            network=network,
            optimizer=torch.optim.SGD(network.parameters(), lr=0.1),
            loss_function=lambda pred, label: pred.mean() * 0 + next(losses),
        )

    return build


def read(folder) -> list[tuple[str, int, float]]:
    with open(folder / "learning_curve.csv", newline="") as file:
        return [(row["series"], int(row["iteration"]), float(row["value"])) for row in csv.DictReader(file)]


def test_every_loss_is_in_the_table_at_its_iteration(make_trainer, tmp_path):
    trainer = make_trainer(2)
    LearningCurve(tmp_path / "new" / "folder").attach(trainer)
    trainer.run()
    assert read(tmp_path / "new" / "folder") == [("train_loss", i + 1, float(i)) for i in range(6)]


@pytest.fixture
def evaluator() -> SupervisedEvaluator:
    """A MONAI evaluator whose metrics are a tenth and a twentieth of the number of its runs."""
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=[{"image": torch.ones(1, 2), "label": torch.zeros(1, 1)}],
        network=nn.Linear(2, 1),
    )
    runs = []

    def measure(engine) -> None:
        runs.append(1)
        engine.state.metrics.update({"val_mean_dice": torch.tensor(len(runs) / 10), "LV": len(runs) / 20})

    evaluator.add_event_handler(Events.EPOCH_COMPLETED, measure)
    return evaluator


def test_validations_are_recorded_at_the_trainers_iteration(make_trainer, evaluator, tmp_path):
    trainer = make_trainer(4)
    ValidationHandler(interval=2, validator=evaluator).attach(trainer)
    LearningCurve(tmp_path, evaluator).attach(trainer)
    trainer.run()
    rows = read(tmp_path)
    assert len([row for row in rows if row[0] == "train_loss"]) == 12
    scores = {name: [row[1:] for row in rows if row[0] == name] for name in ("val_mean_dice", "LV")}
    assert scores["val_mean_dice"] == [(6, pytest.approx(0.1)), (12, pytest.approx(0.2))]
    assert scores["LV"] == [(6, pytest.approx(0.05)), (12, pytest.approx(0.1))]


def test_the_plot_is_written_after_every_epoch(make_trainer, tmp_path):
    trainer, seen = make_trainer(3), []
    LearningCurve(tmp_path).attach(trainer)
    picture = tmp_path / "learning_curve.png"
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: seen.append((picture.read_bytes(), len(read(tmp_path)))))
    trainer.run()
    assert [rows for _, rows in seen] == [3, 6, 9] and len({content for content, _ in seen}) == 3
    with Image.open(picture) as image:
        assert image.format == "PNG" and image.width > image.height > 100
