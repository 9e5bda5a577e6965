"""``gdkvm export``: options, output, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml

from gdkvm_monai.cli.main import main
from gdkvm_monai.export import network as network_export
from gdkvm_monai.networks.nets import GDKVM

TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
NETWORK = ["export", "network", "--format=torchscript", "--override=frame_size=[32, 48]", "--frames=2"]
NETWORK += [f"--override=network_def#{name}={value}" for name, value in GDKVM(**TINY).options.items()]


@pytest.fixture
def weights(tmp_path) -> Path:
    path = tmp_path / "trained.pt"
    torch.save(GDKVM(**TINY).state_dict(), path)
    return path


def export_network(*options: object) -> int:
    return main([*NETWORK, *(str(option) for option in options)])


def test_the_network_is_written_and_its_difference_printed(weights, tmp_path, capsys):
    assert export_network("--weights", weights, "--out", tmp_path / "network.ts", "--form", "step") == 0
    printed = capsys.readouterr().out
    assert str(tmp_path / "network.ts") in printed and "over 2 frames" in printed
    told = json.loads((tmp_path / "network.ts.json").read_text())
    assert told["weights"]["file"] == "trained.pt" and told["parity"]["clip"] == [1, 1, 32, 48, 2]


def test_a_file_that_differs_from_pytorch_gives_exit_code_1(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(network_export, "largest_difference", lambda *_: 6e-4)
    assert export_network("--untrained", "--out", tmp_path / "network.ts") == 1
    assert "0.0005" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--weights", "none.pt"], "none.pt"),
        (["--untrained", "--override=width"], "'width'"),
        (["--untrained", "--override=network_def#widht=8"], "network_def#widht"),
        (["--untrained", "--config", "none.yaml"], "none.yaml"),
    ],
)
def test_invalid_input_gives_one_line_and_exit_code_two(options, named, tmp_path, capsys):
    assert export_network("--out", tmp_path / "network.ts", *options) == 2
    error = capsys.readouterr().err
    assert named in error and error.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["network", "--untrained", "--out", "x", "--format", "caffe"],
        ["network", "--untrained"],
        ["network", "--out", "x", "--untrained", "--weights", "y"],
        ["network", "--out", "x", "--untrained", "--frames", "0"],
        ["network", "--out", "x", "--untrained", "--tolerance", "-1"],
        ["network", "--out", "x", "--untrained", "--tolerance", "nan"],
        ["network", "--out", ".", "--untrained"],
        ["bundle", "--zip", "--weights-url", "https://example.org/model.pt"],
    ],
)
def test_options_that_contradict_each_other_exit_with_two(words):
    with pytest.raises(SystemExit) as stop:
        main(["export", *words])
    assert stop.value.code == 2


@pytest.mark.parametrize("words", [[], ["netwrok"]])
def test_export_requires_network_or_bundle(words, capsys):
    assert main(["export", *words]) == 2
    assert "network or bundle" in capsys.readouterr().err


def test_the_bundle_lists_its_files_and_those_too_large_for_a_pull_request(weights, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("gdkvm_monai.export.bundle.packing.ZOO_FILE_LIMIT", 200_000)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({f"network_def#{name}": TINY[name] for name in TINY}))
    name = "echo_test_segmentation"
    options = ["--out", str(tmp_path / "dist"), "--name", name, "--overlay", str(tmp_path / "tiny.yaml"), "--zip"]
    assert main(["export", "bundle", *options, "--weights", str(weights)]) == 0
    first, note, archive = capsys.readouterr().out.splitlines()
    assert Path(first) == tmp_path / "dist" / name and Path(archive).is_file()
    assert note.startswith(f"{first}/models/model.pt") and "--weights-url" in note
    assert main(["export", "bundle", *options]) == 2
    assert first in capsys.readouterr().err
