"""The best and the last weights are files that are complete at any time."""

from __future__ import annotations

import pytest
import torch
from monai.engines import SupervisedEvaluator
from torch import nn

from gdkvm_monai.files import file_sha256
from gdkvm_monai.handlers import WeightsSaver
from gdkvm_monai.networks import checkpoint
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.recorded_weights import write_run_card


class Fixed:
    """A metric with given values."""

    def __init__(self, values) -> None:
        self.values = iter(values)

    def attach(self, engine, name) -> None:
        engine.add_event_handler("EPOCH_COMPLETED", lambda: engine.state.metrics.update({name: next(self.values)}))


def validate(folder, values, **options) -> nn.Module:
    """Validate networks with the weights 1, 2, ... and the given metrics."""
    network = nn.Linear(1, 1, bias=False)
    batch = {"image": torch.ones(1, 1), "label": torch.ones(1, 1)}
    evaluator = SupervisedEvaluator(
        torch.device("cpu"),
        [batch],
        network,
        key_val_metric={"score": Fixed(values)},
        val_handlers=[WeightsSaver(folder, network)],
        **options,
    )
    for epoch in range(1, len(values) + 1):
        nn.init.constant_(network.weight, epoch)
        evaluator.run(epoch)
    return network


def weight(path) -> float:
    return torch.load(path, weights_only=True)["weight"].item()


@pytest.mark.parametrize(("values", "best"), [([0.1, 0.5, 0.3], 2), ([0.9, 0.5, 0.3], 1), ([0.4, 0.4, 0.4], 1)])
def test_the_weights_with_the_highest_metric_and_the_last_ones_are_kept(tmp_path, values, best):
    validate(tmp_path / "models", values)
    assert weight(tmp_path / "models" / "model.pt") == best
    assert weight(tmp_path / "models" / "model_final.pt") == 3


def test_the_evaluator_decides_what_is_better(tmp_path):
    validate(tmp_path, [9.0, 4.0, 6.0], metric_cmp_fn=lambda new, best: new < best)
    assert weight(tmp_path / "model.pt") == 2


def test_a_failed_write_keeps_the_weights_that_were_there(tmp_path, monkeypatch):
    validate(tmp_path, [0.5])

    def fill_disk(state, file) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        validate(tmp_path, [0.7])
    assert weight(tmp_path / "model.pt") == weight(tmp_path / "model_final.pt") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"model.pt", "model_final.pt"}


def test_the_card_beside_the_weights_belongs_to_both_files(tmp_path):
    write_run_card(ModelCard(), tmp_path / "model.json")
    validate(tmp_path, [0.1, 0.5, 0.3])
    for name in ("model.pt", "model_final.pt"):
        assert file_sha256(tmp_path / name) in read_card(tmp_path / name).weights_sha256
