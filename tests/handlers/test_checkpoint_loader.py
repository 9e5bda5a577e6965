"""Checkpoints: the right one is loaded, a wrong one is one sentence, and none of them is run."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from gdkvm_monai.handlers import CheckpointLoader


def network(width: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, width))


def load(path: Path, target: nn.Module, **options) -> None:
    """Load when an engine starts, as in a bundle."""
    engine = Engine(lambda engine, batch: None)
    CheckpointLoader(str(path), {"model": target}, **options).attach(engine)
    engine.run([0], max_epochs=1)


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values()))


class Payload:
    """An object whose unpickling would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("wrapped", [True, False], ids=["under a key", "plain state dict"])
def test_the_weights_of_the_same_network_are_loaded_when_an_engine_starts(tmp_path, wrapped):
    trained, fresh = network(), network()
    torch.save({"model": trained.state_dict()} if wrapped else trained.state_dict(), tmp_path / "model.pt")
    assert not same_weights(trained, fresh)
    load(tmp_path / "model.pt", fresh)
    assert same_weights(trained, fresh)


def test_a_missing_file_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"checkpoint .*absent\.pt does not exist; train first, or set checkpoint"
    ):
        load(tmp_path / "absent.pt", network())


@pytest.mark.parametrize(
    "other",
    [network(7), nn.Sequential(nn.Linear(3, 5)), nn.Sequential(*network(), nn.Linear(4, 4)), nn.Conv2d(1, 1, 1)],
    ids=["other width", "fewer layers", "more layers", "another network"],
)
def test_weights_of_another_network_are_one_sentence_and_nothing_is_loaded_in_part(tmp_path, other):
    torch.save({"model": other.state_dict()}, tmp_path / "model.pt")
    target = network()
    before = copy.deepcopy(target)
    message = r"checkpoint .*model\.pt is not of this network; use the network options"
    with pytest.raises(ValueError, match=message) as info:
        load(tmp_path / "model.pt", target)
    assert "\n" not in str(info.value)
    assert same_weights(target, before)


def test_a_checkpoint_under_another_key_is_refused(tmp_path):
    torch.save({"weights": network().state_dict()}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="is not of this network"):
        load(tmp_path / "model.pt", network())


def test_the_layers_that_are_there_may_be_asked_for(tmp_path):
    trained, target = nn.Sequential(nn.Linear(3, 5)), network()
    last = target[2].weight.clone()
    torch.save({"model": trained.state_dict()}, tmp_path / "model.pt")
    load(tmp_path / "model.pt", target, strict=False)
    assert torch.equal(target[0].weight, trained[0].weight) and torch.equal(target[2].weight, last)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path):
    torch.save({"model": network().state_dict(), "extra": Payload(tmp_path / "owned")}, tmp_path / "model.pt")
    target = network()
    before = copy.deepcopy(target)
    with pytest.raises(Exception, match="(?i)weights.only"):
        load(tmp_path / "model.pt", target)
    assert not (tmp_path / "owned").exists() and same_weights(target, before)
