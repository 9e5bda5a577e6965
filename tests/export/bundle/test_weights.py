"""Weights go into a bundle as a plain state that fits its network, or as an address with a hash."""

from __future__ import annotations

import hashlib

import pytest
import torch
import yaml
from monai.bundle import ConfigParser, download_large_files

from gdkvm_monai.export.bundle import export_bundle
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.networks.recorded_weights import record_weights
from tests.export.bundle.tiny_network import NAME, OPTIONS, names
from tests.study.tiny_command import SMALL, write_tiny_weights


def test_weights_are_a_plain_state_dict_that_loads_strictly(bundle, folder):
    state = torch.load(bundle / "models" / "model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) and value.is_contiguous() for value in state.values())
    GDKVM(**OPTIONS).load_state_dict(state, strict=True)
    original = torch.load(folder / "trained.pt", weights_only=True)["model"]
    assert all(torch.equal(value, original[key]) for key, value in state.items())


def test_the_same_weights_give_the_same_file_and_the_zoo_downloads_it_by_its_hash(bundle, folder, tmp_path):
    url, overlays = "https://example.org/model.pt", [folder / "tiny.yaml"]
    listed = export_bundle(tmp_path, NAME, folder / "trained.pt", url, overlays)
    weights = bundle / "models" / "model.pt"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    (entry,) = yaml.safe_load((listed / "large_files.yml").read_text())["large_files"]
    assert entry == {"path": "models/model.pt", "url": url, "hash_val": digest, "hash_type": "sha256"}
    assert names(listed) == names(bundle) - {"models/model.pt"} | {"large_files.yml"}

    (listed / "large_files.yml").write_text(yaml.safe_dump({"large_files": [entry | {"url": weights.as_uri()}]}))
    download_large_files(bundle_path=str(listed))
    assert (listed / "models" / "model.pt").read_bytes() == weights.read_bytes()


@pytest.mark.parametrize("url", ["http://example.org/model.pt", "model.pt"])
def test_an_address_that_is_not_https_is_refused(url, folder, tmp_path):
    with pytest.raises(ValueError, match="give an https:// address"):
        export_bundle(tmp_path, NAME, folder / "trained.pt", url)


def test_weights_of_another_network_are_refused_and_nothing_is_written(folder, tmp_path):
    with pytest.raises(ValueError, match="trained.pt holds weights of another network; export with the overlays"):
        export_bundle(tmp_path, NAME, folder / "trained.pt", overlays=["small_network.yaml"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"no checkpoint", [1.0]])
def test_a_file_that_is_not_a_checkpoint_is_refused(content, folder, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(ValueError, match="weights.pt is not a checkpoint"):
        export_bundle(tmp_path / "out", NAME, path, overlays=[folder / "tiny.yaml"])


def test_weights_that_are_not_finite_are_refused(folder, tmp_path):
    state = GDKVM(**OPTIONS).state_dict()
    next(iter(state.values())).fill_(float("nan"))
    torch.save(state, tmp_path / "weights.pt")
    with pytest.raises(ValueError, match="has values that are not finite"):
        export_bundle(tmp_path / "out", NAME, tmp_path / "weights.pt", overlays=[folder / "tiny.yaml"])


def test_the_card_beside_the_weights_describes_the_exported_network(tmp_path):
    weights = write_tiny_weights(tmp_path)
    exported = export_bundle(tmp_path / "out", NAME, weights)
    options = read_card(weights).network_options
    for name in ("train.json", "inference.json"):
        config = ConfigParser.load_config_file(exported / "configs" / name)
        assert config["network_def"] == {"_target_": "gdkvm_monai.networks.nets.GDKVM", **options}
        assert config["frame_size"] == [32, 32] and config["num_classes"] == 4
    assert read_card(exported / "models" / "model.pt").network_options == options


def test_the_card_takes_precedence_over_an_overlay(tmp_path):
    weights = write_tiny_weights(tmp_path)
    exported = export_bundle(tmp_path / "out", NAME, weights, overlays=["small_network.yaml"])
    assert ConfigParser.load_config_file(exported / "configs" / "train.json")["network_def"]["width"] == SMALL["width"]


def test_weights_of_another_network_than_their_card_describes_are_refused(tmp_path):
    weights = write_tiny_weights(tmp_path)
    torch.save(GDKVM(**{**SMALL, "width": 16}).state_dict(), weights)
    record_weights(weights, weights)
    with pytest.raises(ValueError, match="model.pt holds weights of another network"):
        export_bundle(tmp_path / "out", NAME, weights)
