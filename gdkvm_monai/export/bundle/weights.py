"""Weights of a bundle: a plain state dict that fits the exported network, or its address and hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
import yaml
from monai.bundle import ConfigParser

from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.checkpoint import load_weights, read_checkpoint

__all__ = ["read_weights", "write_weights"]


def write_weights(bundle: Path, weights: Path, card: ModelCard | None, url: str | None) -> None:
    """Write the weights and their model card, if any, into the bundle, or the weights' address and hash.

    The written card does not mark a release, so that the bundle is trained in place.
    """
    path = bundle / "models" / "model.pt"
    path.parent.mkdir()
    torch.save(read_weights(weights, bundle / "configs" / "inference.json"), path)
    if card is not None:
        replace(card, weights_sha256=(file_sha256(path),), release="").write(path.with_suffix(".json"))
    if url is not None:
        entry = {"path": "models/model.pt", "url": url, "hash_val": file_sha256(path), "hash_type": "sha256"}
        (bundle / "large_files.yml").write_text(yaml.safe_dump({"large_files": [entry]}, sort_keys=False))
        path.unlink()


def read_weights(weights: Path, config: Path) -> dict[str, torch.Tensor]:
    """Read the state dict for the network of a config from a checkpoint that fits it."""
    network = ConfigParser(ConfigParser.load_config_file(config)).get_parsed_content("network_def")
    load_weights(network, weights, remedy="export with the overlays that they were trained with")
    state = read_checkpoint(weights)
    return {key: value.detach().clone(memory_format=torch.contiguous_format) for key, value in state.items()}
