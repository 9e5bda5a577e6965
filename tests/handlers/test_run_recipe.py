"""A run can be repeated from what it leaves."""

from __future__ import annotations

import json

import torch
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from torch import nn

from gdkvm_monai.handlers.run_recipe import RunRecipe


def read(path):
    return json.loads(path.read_bytes())


def test_every_start_is_recorded_with_its_command_and_versions(tmp_path):
    first = RunRecipe(tmp_path / "run", '{"epochs": 2, "_meta_": {}}', ["python", "train"])
    first.write_start(0, {"imagenet_weights": "none"})
    again = RunRecipe(tmp_path / "run", '{"epochs": 2, "resume": true}', ["python", "again"])
    again.write_start(7, {"imagenet_weights": "loaded before the checkpoint replaced them"})
    starts = read(tmp_path / "run" / "run.json")["starts"]
    assert [(start["iteration"], start["command"][1]) for start in starts] == [(0, "train"), (7, "again")]
    assert starts[0]["imagenet_weights"] == "none" and "imagenet_weights" not in starts[1]
    assert starts[0]["versions"]["torch"] == torch.__version__ and {"python", "monai"} <= set(starts[0]["versions"])
    assert read(tmp_path / "run" / "config.json") == {"epochs": 2, "resume": True}
    first.write_start(0)  # a new run replaces the record
    assert len(read(tmp_path / "run" / "run.json")["starts"]) == 1


def test_the_scores_of_the_best_and_the_last_validation_are_numbers(tmp_path):
    network, device = nn.Linear(1, 1), torch.device("cpu")
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    trainer = SupervisedTrainer(device, 3, [{}], network, optimizer, nn.MSELoss())
    evaluator = SupervisedEvaluator(device, [{}], network)
    trainer.state.iteration, trainer.state.epoch = 20, 2
    state = evaluator.state
    state.key_metric_name, state.best_metric, state.best_metric_epoch = "dice", torch.tensor(0.75), 1
    state.metrics = {"dice": torch.tensor(0.5), "hd95": float("nan")}
    RunRecipe(tmp_path, "{}").write_metrics(trainer, evaluator, 12.34)
    assert read(tmp_path / "metrics.json") == {
        "iteration": 20,
        "epoch": 2,
        "seconds": 12.3,
        "key_metric": "dice",
        "best": {"epoch": 1, "dice": 0.75},
        "last": {"dice": 0.5, "hd95": None},
    }
