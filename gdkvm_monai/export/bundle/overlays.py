"""Merge overlays and the network of the weights into the exported configs."""

from __future__ import annotations

import json
from pathlib import Path

from monai.bundle import ConfigParser

from gdkvm_monai.configs.inference import changes_for
from gdkvm_monai.files import write_json
from gdkvm_monai.networks.card import ModelCard

__all__ = ["bake", "bake_card", "describe_network", "write_scores"]

INDENT = 4  # of the configs
OF_NETWORK = ("network_def", "frame_size", "num_classes")
"""Ids that describe the network."""


def bake(configs: Path, overlay: Path, shipped: Path) -> None:
    """Merge an overlay into ``train.json`` and ``inference.json``: each ID where it exists, new ones in both.

    Args:
        configs: folder of the two files.
        overlay: config file; one of ``shipped`` is removed from ``configs`` and from the commands in their comments.
        shipped: folder of the source configs.
    """
    files = [configs / "train.json", configs / "inference.json"]
    train, inference = map(ConfigParser.load_config_file, files)
    part = configs / "part.json"
    for file, config, other in zip(files, (train, inference), (inference, train)):
        write_json(part, changes_for(config, other, overlay), INDENT)
        write_json(file, ConfigParser.load_config_files([file, part]), INDENT)
        part.unlink()
    if overlay.resolve().parent == shipped.resolve():
        (configs / overlay.name).unlink(missing_ok=True)  # read a second time, its "+" entries would be added twice
        for path in configs.glob("*.yaml"):  # commands in comments
            path.write_text(path.read_text().replace(f"'bundle/configs/{overlay.name}',", ""))


def bake_card(configs: Path, card: ModelCard) -> None:
    """Let ``train.json`` describe the network of a card, as far as the card does."""
    train = json.loads((configs / "train.json").read_text())
    if card.describes_network:
        train["network_def"] = {"_target_": f"gdkvm_monai.networks.nets.{card.network}", **card.network_options}
    known = {"frame_size": card.frame_size, "num_classes": card.num_classes}
    train |= {key: value for key, value in known.items() if value is not None}
    write_json(configs / "train.json", train, INDENT)


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
