"""``gdkvm info``."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import gdkvm_monai
from gdkvm_monai.cli.main import main
from gdkvm_monai.networks.card import ModelCard
from tests.study.tiny_command import write_tiny_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


def test_weights_labels_versions_and_devices_are_printed(weights, capsys):
    assert main(["info", "--weights", str(weights)]) == 0
    text = capsys.readouterr().out
    assert f"gdkvm {gdkvm_monai.__version__}" in text and "1 left ventricle" in text
    assert "trained on: nothing" in text and "license: Apache-2.0" in text
    assert "unverified" not in text
    assert re.search(r"sha256 [0-9a-f]{64}$", text, re.MULTILINE) and "devices: cpu" in text


@pytest.mark.parametrize("card", [None, {"trained_on": "nothing"}], ids=["no card", "no hash"])
def test_weights_without_a_hash_in_a_card_are_called_unverified(card, weights, tmp_path, capsys):
    shutil.copy(weights, tmp_path)
    if card:
        (tmp_path / "model.json").write_text(json.dumps(card))
    assert main(["info", "--weights", str(tmp_path / "model.pt")]) == 0
    assert "unverified: no card states this SHA-256" in capsys.readouterr().out


def test_what_the_weights_started_from_and_a_license_that_is_not_stated_are_printed(weights, tmp_path, capsys):
    shutil.copy(weights, tmp_path / "model.pt")
    ModelCard(license="", imagenet_weights="a.pth, SHA-256 1", initial_weights="b.pt").write(tmp_path / "model.json")
    assert main(["info", "--weights", str(tmp_path / "model.pt")]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert {"ImageNet weights: a.pth, SHA-256 1", "initial weights: b.pt", "license: not stated"} <= set(lines)


def test_a_bundle_without_weights_is_reported(tmp_path, capsys, monkeypatch):
    (tmp_path / "configs").mkdir()
    metadata = Path(__file__).parents[2] / "bundle" / "configs" / "metadata.json"
    (tmp_path / "configs" / "metadata.json").write_text(metadata.read_text())
    monkeypatch.setattr("gdkvm_monai.cli.info.bundle_dir", lambda: tmp_path)
    assert main(["info"]) == 0
    assert "weights: none in the bundle" in capsys.readouterr().out


def test_the_error_names_missing_weights(capsys):
    assert main(["info", "--weights", "absent.pt"]) == 2
    assert "absent.pt" in capsys.readouterr().err


def test_a_file_that_is_not_a_checkpoint_or_a_wrong_card_is_refused_before_anything_is_printed(
    weights, tmp_path, capsys
):
    (tmp_path / "clip.txt").write_text("text")
    (tmp_path / "model.pt").write_bytes(weights.read_bytes())
    (tmp_path / "model.json").write_text(json.dumps({"trained_on": "\ud800"}))
    for name, named in {"clip.txt": "clip.txt is not a checkpoint", "model.pt": r"trained_on is '\ud800'"}.items():
        assert main(["info", "--weights", str(tmp_path / name)]) == 2
        printed = capsys.readouterr()
        assert named in printed.err and not printed.out
