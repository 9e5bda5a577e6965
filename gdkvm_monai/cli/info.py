"""Print the installed versions, the meaning of the labels, the available weights, and the devices."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.cli.command import OK, new_parser
from gdkvm_monai.cli.weights_option import add_weights_option
from gdkvm_monai.configs import bundle_dir, check_weights_file

__all__ = ["build_parser", "main"]


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the command."""
    parser = new_parser("info", __doc__)
    add_weights_option(parser)
    return parser


def main(words: Sequence[str]) -> int:
    """Run the command and return the exit code."""
    options = build_parser().parse_args(words)
    if options.weights:
        check_weights_file(options.weights)

    import monai
    import torch

    import gdkvm_monai
    from gdkvm_monai.labels import NOTICE

    weights = _describe_weights(options.weights or bundle_dir() / "models" / "model.pt")  # before anything is printed
    metadata = json.loads((bundle_dir() / "configs" / "metadata.json").read_text())
    labels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    print(f"gdkvm {gdkvm_monai.__version__}, monai {monai.__version__}, torch {torch.__version__}")
    print("labels:  " + ", ".join(f"{value} {name}" for value, name in labels.items()))
    print("devices: " + ", ".join(["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]))
    print("\n".join(weights))
    print("license: Apache-2.0 (code)")
    print(NOTICE)
    return OK


def _describe_weights(weights: Path) -> list[str]:
    from gdkvm_monai.files import file_sha256
    from gdkvm_monai.networks.card import ModelCard, read_card
    from gdkvm_monai.networks.checkpoint import read_checkpoint

    if not weights.is_file():
        return ["weights: none in the bundle; train with `make demo`, or pass a checkpoint with --weights"]
    read_checkpoint(weights)  # refuses any other file
    card = read_card(weights) or ModelCard(trained_on="unknown, there is no model.json beside it")
    lines = [f"weights: {weights}, sha256 {file_sha256(weights)}"]
    lines += ["         unverified: no card states this SHA-256"] if card.weights_sha256 is None else []
    lines += [f"         trained on: {card.trained_on}"]
    lines += [f"         views: {', '.join(card.views)}"] if card.views else []
    lines += [f"         ImageNet weights: {card.imagenet_weights}"] if card.imagenet_weights else []
    lines += [f"         initial weights: {card.initial_weights}"] if card.initial_weights else []
    lines += [f"         license: {card.license or 'not stated'}"]
    lines += [f"         cite: {card.citation}"] if card.citation else []
    return lines
