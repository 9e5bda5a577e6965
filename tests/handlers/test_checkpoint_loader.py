"""Checkpoints: a matching one is loaded, any other is refused in one sentence, and none is executed."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from ignite.engine import Engine
from monai.engines import Trainer
from torch import nn

from gdkvm_monai.files import file_sha256
from gdkvm_monai.handlers import CheckpointLoader
from gdkvm_monai.handlers.weights_start import record_start, recorded_start
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame


def network(width: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, width))


def load(path: Path, target: nn.Module, **options) -> None:
    """Load when an engine starts, as in a bundle."""
    engine = Engine(lambda engine, batch: None)
    CheckpointLoader(str(path), {"model": target}, **options).attach(engine)
    engine.run([0], max_epochs=1)


class TrainingEngine(Trainer):
    """An engine that a handler takes for MONAI's trainer."""

    def __init__(self, process) -> None:
        Engine.__init__(self, process)


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values()))


@pytest.mark.parametrize("wrapped", [True, False], ids=["under a key", "plain state dict"])
def test_the_weights_of_the_same_network_are_loaded_when_an_engine_starts(tmp_path, wrapped):
    trained, fresh = network(), network()
    torch.save({"model": trained.state_dict()} if wrapped else trained.state_dict(), tmp_path / "model.pt")
    assert not same_weights(trained, fresh)
    load(tmp_path / "model.pt", fresh)
    assert same_weights(trained, fresh)


def test_a_missing_file_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.pt do not exist; train first"):
        load(tmp_path / "absent.pt", network())


@pytest.mark.parametrize(
    "other",
    [network(7), nn.Sequential(nn.Linear(3, 5)), nn.Sequential(*network(), nn.Linear(4, 4)), nn.Conv2d(1, 1, 1)],
    ids=["other width", "fewer layers", "more layers", "another network"],
)
def test_weights_of_another_network_are_refused_in_one_sentence_and_not_partially_loaded(tmp_path, other):
    torch.save({"model": other.state_dict()}, tmp_path / "model.pt")
    target = network()
    before = copy.deepcopy(target)
    with pytest.raises(ValueError, match="model.pt holds weights of another network") as info:
        load(tmp_path / "model.pt", target)
    assert "\n" not in str(info.value)
    assert same_weights(target, before)


def test_a_checkpoint_under_another_key_is_refused(tmp_path):
    torch.save({"weights": network().state_dict()}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="model.pt is not a checkpoint"):
        load(tmp_path / "model.pt", network())


def test_the_matching_layers_can_be_requested(tmp_path):
    trained, target = nn.Sequential(nn.Linear(3, 5)), network()
    last = target[2].weight.clone()
    torch.save({"model": trained.state_dict()}, tmp_path / "model.pt")
    load(tmp_path / "model.pt", target, strict=False)
    assert torch.equal(target[0].weight, trained[0].weight) and torch.equal(target[2].weight, last)


@pytest.mark.parametrize("wrapped", [True, False], ids=["under a key", "plain state dict"])
def test_without_strict_shapes_matching_layers_are_loaded_and_the_others_are_listed(tmp_path, caplog, wrapped):
    trained, target = network(7), network()
    last = target[2].weight.clone()
    torch.save({"model": trained.state_dict()} if wrapped else trained.state_dict(), tmp_path / "model.pt")
    with caplog.at_level("INFO"):
        load(tmp_path / "model.pt", target, strict=False, strict_shape=False)
    assert torch.equal(target[0].weight, trained[0].weight) and torch.equal(target[2].weight, last)
    assert f"2 of 4 weights are from {tmp_path / 'model.pt'}" in caplog.text
    assert "2.weight has the shape (7, 5) in the file and (4, 5) in the network" in caplog.text
    assert "0.weight" not in caplog.text


def test_layers_missing_from_the_file_or_the_network_are_listed(tmp_path, caplog):
    torch.save(nn.Sequential(*network(), nn.Linear(4, 2)).state_dict(), tmp_path / "longer.pt")
    torch.save(nn.Sequential(nn.Linear(3, 5)).state_dict(), tmp_path / "shorter.pt")
    with caplog.at_level("INFO"):
        for name in ("longer.pt", "shorter.pt"):
            load(tmp_path / name, network(), strict=False, strict_shape=False)
    assert "the file's 3.weight (2, 4) is not in this network" in caplog.text
    assert "2.weight is not in the file" in caplog.text


def test_a_file_without_any_matching_weight_is_refused(tmp_path):
    torch.save(nn.Conv2d(1, 1, 1).state_dict(), tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"model\.pt has no weight that fits this network"):
        load(tmp_path / "model.pt", network(), strict=False, strict_shape=False)


@pytest.mark.parametrize(
    ("engine", "remedy"),
    [
        (Engine, "keep its model.json beside it"),
        (TrainingEngine, "strict_shape false (finetune.yaml): 2.weight has the shape (7, 5)"),
    ],
    ids=["evaluation", "training"],
)
def test_the_remedy_for_weights_of_another_network_is_that_of_the_engine(engine, remedy, tmp_path):
    torch.save({"model": network(7).state_dict()}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="holds weights of another network") as info:
        CheckpointLoader(str(tmp_path / "model.pt"), {"model": network()})(engine(lambda engine, batch: None))
    assert remedy in str(info.value)


def test_a_network_with_the_encoder_of_a_unet_starts_from_a_trained_unet(tmp_path):
    unet = FrameByFrame(
        "UNet", in_channels=1, out_channels=4, channels=[8, 16, 32, 64, 128], strides=[2] * 4, num_res_units=2
    )
    torch.save(unet.state_dict(), tmp_path / "unet.pt")
    net = GDKVM(backbone="unet", decoder="unet", width=16, key_channels=8, value_channels=8, value_encoder="shared")
    load(tmp_path / "unet.pt", net, strict=False, strict_shape=False)
    clip = torch.rand(1, 1, 32, 32, 2)
    with torch.inference_mode():
        torch.testing.assert_close(net.eval()(clip), unet.eval()(clip), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("strict_shape", [True, False])
def test_a_trainer_knows_name_and_hash_of_its_initial_weights_and_an_evaluation_does_not(strict_shape, tmp_path):
    torch.save(network().state_dict(), tmp_path / "model.pt")
    for kind in (TrainingEngine, Engine):
        engine = kind(lambda engine, batch: None)
        loader = CheckpointLoader(str(tmp_path / "model.pt"), {"model": network()}, strict_shape=strict_shape)
        loader(engine)
        told = {"initial_weights": f"model.pt, SHA-256 {file_sha256(tmp_path / 'model.pt')}"}
        assert recorded_start(engine) == (told if kind is TrainingEngine else {})


@pytest.mark.parametrize(("stated", "recorded"), [("a.pth", "a.pth"), ("none", "none"), ("", "before")])
def test_a_training_inherits_the_imagenet_weights_of_its_initial_weights(stated, recorded, tmp_path):
    torch.save(network().state_dict(), tmp_path / "model.pt")
    ModelCard(imagenet_weights=stated).write(tmp_path / "model.json")
    engine = TrainingEngine(lambda engine, batch: None)
    record_start(engine, imagenet_weights="before")
    CheckpointLoader(str(tmp_path / "model.pt"), {"model": network()})(engine)
    assert recorded_start(engine)["imagenet_weights"] == recorded


@pytest.mark.parametrize(("part", "recorded"), [("key_encoder", "a.pth"), ("decoder", "none")])
def test_imagenet_weights_are_inherited_only_with_weights_of_the_key_encoder(part, recorded, tmp_path):
    torch.save({f"{part}.weight": torch.zeros(3, 2)}, tmp_path / "model.pt")
    ModelCard(imagenet_weights="a.pth").write(tmp_path / "model.json")
    target = nn.ModuleDict({"key_encoder": nn.Linear(2, 3), "decoder": nn.Linear(2, 3)})
    engine = TrainingEngine(lambda engine, batch: None)
    record_start(engine, imagenet_weights="none")
    CheckpointLoader(str(tmp_path / "model.pt"), {"model": target}, strict=False, strict_shape=False)(engine)
    assert recorded_start(engine)["imagenet_weights"] == recorded


def test_a_card_of_other_weights_is_not_believed(tmp_path, caplog):
    torch.save(network().state_dict(), tmp_path / "model.pt")
    ModelCard(imagenet_weights="a.pth", weights_sha256=("0" * 64,)).write(tmp_path / "model.json")
    engine = TrainingEngine(lambda engine, batch: None)
    CheckpointLoader(str(tmp_path / "model.pt"), {"model": network()})(engine)
    assert "imagenet_weights" not in recorded_start(engine)
    assert "model card of the initial weights is not used" in caplog.text


def test_an_object_that_is_not_a_network_is_refused(tmp_path):
    torch.save({"model": network().state_dict()}, tmp_path / "model.pt")
    with pytest.raises(TypeError, match="'model'.*dict"):
        load(tmp_path / "model.pt", {})
