"""The bundle and its configs are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdkvm_monai.configs import bundle_dir, check_weights_file, find_config, find_weights

ROOT = Path(__file__).resolve().parents[2]


def test_the_bundle_is_found():
    assert bundle_dir() == ROOT / "bundle"
    assert json.loads((bundle_dir() / "configs" / "inference.json").read_text())["num_classes"] == 4


def test_a_config_is_a_file_or_a_name_in_the_bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config("phantom.yaml") == ROOT / "bundle" / "configs" / "phantom.yaml"
    Path("phantom.yaml").write_text("epochs: 1")
    assert find_config("phantom.yaml") == Path("phantom.yaml")
    with pytest.raises(FileNotFoundError, match="absent.yaml"):
        find_config("absent.yaml")


def test_weights_are_a_file_or_a_name_in_the_bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_weights("light.pt") == ROOT / "bundle" / "models" / "light.pt"
    assert find_weights("absent.pt") == Path("absent.pt") and find_weights("other/light.pt") == Path("other/light.pt")
    Path("light.pt").write_bytes(b"")
    assert find_weights("light.pt") == Path("light.pt")


def test_absent_weights_name_the_released_ones():
    with pytest.raises(FileNotFoundError, match="absent.pt do not exist.*released weights: light.pt, model.pt"):
        check_weights_file("absent.pt")
