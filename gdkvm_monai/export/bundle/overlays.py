"""Merge overlays into the exported configs, and describe the resulting network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from monai.bundle import ConfigParser

from gdkvm_monai.files import write_json
from gdkvm_monai.networks.card import ModelCard

__all__ = ["bake", "describe_network", "root_id", "write_scores"]

INDENT = 4  # of the configs
OF_NETWORK = ("network_def", "frame_size", "num_classes")
"""Ids that describe the network."""


def bake(configs: Path, overlay: str | Path, shipped: Path) -> None:
    """Merge an overlay into ``train.json`` and, for ids that it has, into ``inference.json``.

    Args:
        configs: folder of the two files.
        overlay: config file, or the name of one in ``shipped``, which is then removed from ``configs``.
        shipped: folder of the source configs.

    Raises:
        FileNotFoundError: if the overlay does not exist.
        ValueError: if the overlay is not YAML or contains no ids.
    """
    path = Path(overlay) if Path(overlay).is_file() else shipped / overlay
    if not path.is_file():
        raise FileNotFoundError(f"overlay {overlay} does not exist; use a file, or a name in bundle/configs.")
    try:
        changes = ConfigParser.load_config_file(path)
    except yaml.YAMLError as error:
        raise ValueError(f"overlay {path} cannot be read as YAML: {error}; correct it.") from error
    if not isinstance(changes, dict):
        raise ValueError(f"overlay {path} holds no ids with values; write for example 'frame_size: [96, 96]'.")
    for name in ("train.json", "inference.json"):
        config, part = ConfigParser.load_config_file(configs / name), configs / "part.json"
        concerned = {key: changes[key] for key in changes if name == "train.json" or root_id(key) in config}
        write_json(part, concerned, INDENT)
        write_json(configs / name, ConfigParser.load_config_files([configs / name, part]), INDENT)
        part.unlink()
    if path.resolve().parent == shipped.resolve():
        (configs / path.name).unlink(missing_ok=True)  # read a second time, its "+" entries would be added twice


def root_id(key: str) -> str:
    """Return the first part of the id of a config entry.

    >>> root_id("+network_def#width"), root_id("frame_size")
    ('network_def', 'frame_size')
    """
    return re.split("#|::", key.removeprefix("+"))[0]


def describe_network(configs: Path) -> None:
    """Let ``inference.json`` and the metadata describe the network of ``train.json``."""
    names = ("metadata.json", "train.json", "inference.json")
    metadata, train, inference = (json.loads((configs / name).read_text()) for name in names)
    image, pred = (metadata["network_data_format"][end] for end in ("inputs", "outputs"))
    if len(pred["pred"]["channel_def"]) != train["num_classes"]:
        raise ValueError(
            f"num_classes is {train['num_classes']}, but metadata.json names the structures of "
            f"{len(pred['pred']['channel_def'])}; name those of this network in channel_def."
        )
    frames = image["image"]["spatial_shape"][-1]
    image["image"]["spatial_shape"] = pred["pred"]["spatial_shape"] = [*train["frame_size"], frames]
    write_json(configs / "metadata.json", metadata, INDENT)
    write_json(configs / "inference.json", {**inference, **{key: train[key] for key in OF_NETWORK}}, INDENT)


def write_scores(configs: Path, card: ModelCard | None) -> None:
    """Write the scores of the exported weights into the metadata; none if their card has none."""
    metadata = json.loads((configs / "metadata.json").read_text())
    metadata["eval_metrics"] = dict(card.scores) if card else {}
    write_json(configs / "metadata.json", metadata, INDENT)
