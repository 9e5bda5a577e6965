"""Overlays become part of the exported configs."""

from __future__ import annotations

import json

import pytest
import yaml

from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.export.bundle.overlays import bake
from tests.export.bundle.tiny_network import NAME, ROOT


def test_an_overlay_becomes_part_of_both_configs_and_of_the_metadata(bundle):
    train, inference, metadata = (
        json.loads((bundle / "configs" / f"{name}.json").read_text()) for name in ("train", "inference", "metadata")
    )
    assert train["frame_size"] == inference["frame_size"] == [32, 48]
    assert train["network_def"] == inference["network_def"] and train["network_def"]["width"] == 8
    assert train["learning_rate"] == 0.5 and "learning_rate" not in inference and "num_frames" not in inference
    formats = metadata["network_data_format"]
    assert formats["inputs"]["image"]["spatial_shape"] == formats["outputs"]["pred"]["spatial_shape"] == [32, 48, 10]


def test_an_overlay_that_extends_a_list_is_merged_once_and_not_exported_separately(tmp_path):
    configs = tmp_path / "configs"
    configs.mkdir()
    for name in ("train.json", "inference.json", "camus_stills.yaml"):
        (configs / name).write_text((ROOT / "bundle" / "configs" / name).read_text())
    before = json.loads((configs / "train.json").read_text())["train"]["shared_handlers"]
    added = yaml.safe_load((configs / "camus_stills.yaml").read_text())["+train#shared_handlers"]
    bake(configs, ROOT / "bundle" / "configs" / "camus_stills.yaml", ROOT / "bundle" / "configs")
    assert json.loads((configs / "train.json").read_text())["train"]["shared_handlers"] == [*before, *added]
    assert {path.name for path in configs.iterdir()} == {"train.json", "inference.json"}


def test_each_id_is_merged_into_the_config_that_has_it_and_a_new_one_into_both(tmp_path):
    for name in ("train.json", "inference.json"):
        (tmp_path / name).write_text((ROOT / "bundle" / "configs" / name).read_text())
    overlay = {"pattern": "*.avi", "+handlers": [{"_target_": "Extra"}], "epochs": 7, "rate": 0.1}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({**overlay, "network_def#dropout": "@rate"}))
    bake(tmp_path, tmp_path / "own.yaml", ROOT / "bundle" / "configs")
    train, inference = (json.loads((tmp_path / name).read_text()) for name in ("train.json", "inference.json"))
    assert inference["pattern"] == "*.avi" and inference["handlers"][-1] == {"_target_": "Extra"}
    assert train["epochs"] == 7 and not {"pattern", "handlers"} & set(train) and "epochs" not in inference
    assert all(config["rate"] == 0.1 and config["network_def"]["dropout"] == "@rate" for config in (train, inference))


def test_a_number_of_classes_that_differs_from_the_metadata_is_refused(tmp_path):
    (tmp_path / "two.yaml").write_text("num_classes: 2\n")
    with pytest.raises(ValueError, match="num_classes is 2, but metadata.json names the structures of 4"):
        export_bundle(tmp_path / "out", NAME, overlays=[tmp_path / "two.yaml"])


@pytest.mark.parametrize(
    ("text", "named"),
    [("frame_size: [96, 96\n", r"torn\.yaml cannot be read"), ("frame_sise: [64, 64]", "did you mean frame_size")],
)
def test_an_overlay_that_cannot_be_read_or_has_no_effect_is_refused_by_its_name(text, named, tmp_path):
    (tmp_path / "torn.yaml").write_text(text)
    with pytest.raises(ValueError, match=named):
        export_bundle(tmp_path / "out", NAME, overlays=[tmp_path / "torn.yaml"])
    assert not (tmp_path / "out").exists()
