"""An exported network agrees with PyTorch, and its description states its origin."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from gdkvm_monai import export as exports
from gdkvm_monai.export import network as module
from gdkvm_monai.export.network import NetworkSource, Target, export_checked
from gdkvm_monai.networks.nets import GDKVM
from tests.study.tiny_command import SMALL, write_tiny_weights

TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
OVERRIDES = {f"network_def#{name}": value for name, value in GDKVM(**TINY).options.items()} | {"frame_size": [32, 48]}


@pytest.fixture
def weights(tmp_path) -> Path:
    path = tmp_path / "model.pt"
    torch.save(GDKVM(**TINY).state_dict(), path)
    return path


def test_the_file_agrees_and_its_description_states_its_origin(weights, tmp_path):
    target = Target(tmp_path / "exports" / "network.ts", "torchscript", "step")
    done = export_checked(NetworkSource((), OVERRIDES, weights), target, frames=3)
    assert done.agrees and done.file == target.out and done.description == Path(f"{target.out}.json")
    told = json.loads(done.description.read_text())
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert told["weights"] == {"file": "model.pt", "sha256": digest, "license": "unknown"}
    assert [tensor["name"] for tensor in told["inputs"]] == ["frame", "memory", "foreground"]
    assert told["channel_def"]["1"] == "left ventricle" and told["network_def"]["width"] == 8
    assert told["parity"]["max_abs_difference"] == done.max_abs_difference <= 1e-4
    assert told["frame_size"] == [32, 48] and told["parity"]["clip"] == [1, 1, 32, 48, 3]
    network = GDKVM(**TINY)
    network.load_state_dict(torch.load(weights, weights_only=True))
    exported = exports.open_export(target.out, "torchscript")
    assert exports.largest_difference(network, exported, "step", (1, 1, 32, 32, 2)) < 1e-4


def test_the_card_beside_the_weights_determines_the_network(tmp_path):
    weights = write_tiny_weights(tmp_path)
    done = export_checked(NetworkSource(weights=weights), Target(tmp_path / "network.ts", "torchscript", "step"), 1)
    told = json.loads(done.description.read_text())
    assert done.agrees and told["frame_size"] == [32, 32] and told["weights"]["license"] == "Apache-2.0"
    assert {name: told["network_def"][name] for name in SMALL} == SMALL
    larger = NetworkSource((), {"frame_size": [48, 64]}, weights)
    done = export_checked(larger, Target(tmp_path / "larger.ts", "torchscript", "step"), 1)
    assert json.loads(done.description.read_text())["frame_size"] == [48, 64]


@pytest.mark.parametrize("difference", [6e-4, float("nan")])
def test_a_file_that_differs_is_reported_as_not_agreeing(difference, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "largest_difference", lambda *_: difference)
    target = Target(tmp_path / "network.ts", "torchscript")
    assert not export_checked(NetworkSource((), OVERRIDES, weights), target, frames=1).agrees


def test_input_that_does_not_match_is_named_and_nothing_is_written(weights, tmp_path):
    torch.save(GDKVM(**{**TINY, "width": 16}).state_dict(), tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("text")
    (tmp_path / "typo.yaml").write_text("inferer#dtyp: bfloat16")
    (tmp_path / "wrong.yaml").write_text("network_def#backbone: vgg")
    cases = [
        (NetworkSource((), OVERRIDES, tmp_path / "other.pt"), ValueError, "other.pt"),
        (NetworkSource((), OVERRIDES, tmp_path / "text.pt"), ValueError, "text.pt"),
        (NetworkSource((), OVERRIDES, tmp_path / "none.pt"), FileNotFoundError, "none.pt"),
        (NetworkSource((), {**OVERRIDES, "frame_size": [40, 32]}), ValueError, "40x32"),
        (NetworkSource((), {"network_def#widht": 8}), ValueError, "network_def#widht"),
        (NetworkSource([tmp_path / "typo.yaml"], OVERRIDES), ValueError, "did you mean inferer#dtype"),
        (NetworkSource([tmp_path / "wrong.yaml"]), ValueError, "wrong.yaml.*vgg"),
        (NetworkSource(["unet.yaml"]), ValueError, "describes a FrameByFrame, expected a GDKVM"),
        (NetworkSource(["none.yaml"], OVERRIDES), FileNotFoundError, "none.yaml"),
    ]
    for source, error, named in cases:
        with pytest.raises(error, match=named):
            export_checked(source, Target(tmp_path / "network.ts", "torchscript"))
        assert not (tmp_path / "network.ts").exists()


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"gdkvm-monai\[export\]"):
        export_checked(NetworkSource((), OVERRIDES), Target(tmp_path / "network.onnx"))
