"""``inference.json`` with overlays, also with those that a network was trained with."""

from __future__ import annotations

from pathlib import Path

import pytest
from monai.bundle import ConfigParser

from gdkvm_monai.configs import bundle_dir
from gdkvm_monai.configs.inference import build_parts, changes_for, inference_files, read_inference_config


def overlay(folder: Path, text: str) -> Path:
    (folder / "own.yaml").write_text(text)
    return folder / "own.yaml"


def test_overlays_are_found_by_path_and_by_name_and_one_needs_no_list(tmp_path):
    own, configs = overlay(tmp_path, "num_classes: 3\n"), bundle_dir() / "configs"
    assert inference_files() == [configs / "inference.json"]
    assert inference_files("small_network.yaml") == inference_files(["small_network.yaml"])
    assert inference_files([own, "small_network.yaml"])[1:] == [own, configs / "small_network.yaml"]


def test_an_overlay_may_change_what_training_alone_has_but_nothing_that_neither_has(tmp_path):
    assert len(inference_files(overlay(tmp_path, "epochs: 3\nframe_size: [64, 64]\n"))) == 2
    with pytest.raises(ValueError, match=r"own\.yaml: the config has no epoch; did you mean epochs"):
        inference_files(overlay(tmp_path, "epoch: 3\n"))


def test_what_an_overlay_changes_in_training_alone_does_not_enter_inference(tmp_path):
    text = "epochs: 3\nframe_size: [64, 64]\nrate: 0.3\nnetwork_def#dropout: '@rate'\n+handlers: [{_target_: Extra}]\n"
    config = read_inference_config([bundle_dir() / "configs" / "inference.json", overlay(tmp_path, text)])
    plain = ConfigParser.load_config_file(bundle_dir() / "configs" / "inference.json")
    assert "epochs" not in config and config["frame_size"] == [64, 64]
    assert config["rate"] == 0.3 and config["network_def"]["dropout"] == "@rate"
    assert config["handlers"] == [*plain["handlers"], {"_target_": "Extra"}]


def test_a_change_concerns_the_config_that_has_its_id_and_a_new_id_concerns_both(tmp_path):
    path = overlay(tmp_path, "shared: 1\none#part: 2\n+two: [3]\nnew: 4\n")
    assert changes_for({"shared", "one"}, {"shared", "two"}, path) == {"shared": 1, "one#part": 2, "new": 4}
    assert changes_for({"shared", "two"}, {"shared", "one"}, path) == {"shared": 1, "+two": [3], "new": 4}


def test_parts_are_built_in_order_and_a_failure_names_the_source_and_the_cause():
    config = ConfigParser({"one": "$1 + 1", "two": {"_target_": "torch.nn.Dropout", "p": 2}})
    assert build_parts(config, ["one", "one"], "own.yaml") == [2, 2]
    with pytest.raises(ValueError, match=r"own\.yaml .*dropout probability has to be between 0 and 1, but got 2"):
        build_parts(config, ["one", "two"], "own.yaml")
