"""The command writes the file and its description, and says in one sentence what is wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from gdkvm_monai import export as exports
from gdkvm_monai.cli.export_network import main
from gdkvm_monai.networks.nets import GDKVM

CONFIG = Path(__file__).resolve().parents[2] / "bundle" / "configs" / "inference.json"
TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
OPTIONS = [f"--override=network_def#{name}={value}" for name, value in TINY.items()]
OPTIONS += ["--config", str(CONFIG), "--override=frame_size=[32, 48]", "--frames=3"]


@pytest.fixture
def weights(tmp_path) -> Path:
    path = tmp_path / "model.pt"
    torch.save(GDKVM(**TINY).state_dict(), path)
    return path


def run(*options: str) -> int:
    return main([*OPTIONS, *(str(option) for option in options)])


def test_the_file_agrees_and_its_description_says_where_it_comes_from(weights, tmp_path, capsys):
    out = tmp_path / "exports" / "network.ts"
    assert run("--format=torchscript", "--form=step", "--weights", weights, "--out", out) == 0
    assert "max abs difference from PyTorch over 3 frames" in capsys.readouterr().out
    description = json.loads((tmp_path / "exports" / "network.ts.json").read_text())
    assert description["weights"] == {"file": "model.pt", "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    assert [tensor["name"] for tensor in description["inputs"]] == ["frame", "memory", "foreground"]
    assert description["channel_def"]["1"] == "left ventricle" and description["network_def"]["width"] == 8
    assert description["parity"]["max_abs_difference"] <= 1e-4 and description["frame_size"] == [32, 48]
    network = GDKVM(**TINY)
    network.load_state_dict(torch.load(weights, weights_only=True))
    assert (
        exports.largest_difference(network, exports.open_export(out, "torchscript"), "step", (1, 1, 32, 32, 2)) < 1e-4
    )


def test_a_file_that_differs_gives_status_1(weights, tmp_path, monkeypatch, capsys):
    for difference in (2e-4, float("nan")):
        monkeypatch.setattr(exports, "largest_difference", lambda *_, value=difference: value)
        assert run("--format=torchscript", "--weights", weights, "--out", tmp_path / "network.ts") == 1
        assert "above the tolerance 0.0001; do not use this file" in capsys.readouterr().err


def test_wrong_use_gives_status_2_and_one_sentence(weights, tmp_path, capsys):
    torch.save(GDKVM(**{**TINY, "width": 16}).state_dict(), tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("text")
    (tmp_path / "empty.json").write_text("{}")
    known = ["--format=torchscript", "--out", tmp_path / "network.ts"]
    cases = [
        ([], "give either --weights FILE or, for a trial, --untrained"),
        (["--untrained", "--weights", weights], "give either --weights FILE"),
        (["--weights", tmp_path / "other.pt"], "other.pt holds weights of another network; add the overlay"),
        (["--weights", tmp_path / "text.pt"], "text.pt is not a checkpoint"),
        (["--weights", tmp_path / "none.pt"], "do not exist; train first"),
        (["--untrained", "--override=frame_size=[40, 32]"], "size 40x32 cannot be exported; give multiples of 16"),
        (["--untrained", "--override=width"], "is not id=value"),
        (["--untrained", "--override=network_def#widht=8"], "with an id of the config, as network_def#width=8"),
        (["--untrained", "--config", tmp_path / "none.json"], "does not exist; give the bundle's"),
        (["--untrained", "--config", tmp_path / "empty.json"], "has no network_def"),
    ]
    for options, message in cases:
        assert run(*known, *options) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1, options


def test_an_unknown_format_gives_status_2(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        run("--format=caffe", "--untrained", "--out", tmp_path / "network")
    assert stop.value.code == 2 and "invalid choice: 'caffe'" in capsys.readouterr().err


def test_a_missing_package_gives_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("--format=onnx", "--untrained", "--out", tmp_path / "network.onnx") == 2
    assert 'pip install "gdkvm-monai[export]"' in capsys.readouterr().err
