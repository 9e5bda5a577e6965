"""``gdkvm info``: what is installed, what the labels mean, which weights there are, and where they can run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import monai
import torch

import gdkvm_monai
from gdkvm_monai.files import file_sha256
from gdkvm_monai.labels import NOTICE
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.study.pipeline import bundle_dir

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print it; returns the exit code.

    Raises:
        FileNotFoundError: when the weights that were named do not exist.
        ValueError: when the card beside them cannot be read.
    """
    parser = argparse.ArgumentParser(prog="gdkvm info", description=__doc__)
    parser.add_argument("--weights", type=Path, metavar="FILE", help="checkpoint (default: the bundle's model.pt)")
    options = parser.parse_args(arguments)
    weights = options.weights or bundle_dir() / "models" / "model.pt"
    if options.weights and not weights.is_file():
        raise FileNotFoundError(f"weights {weights} do not exist; check the path.")
    metadata = json.loads((bundle_dir() / "configs" / "metadata.json").read_text())
    labels = metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    print(f"gdkvm {gdkvm_monai.__version__}, monai {monai.__version__}, torch {torch.__version__}")
    print("labels:  " + ", ".join(f"{value} {name}" for value, name in labels.items()))
    print("devices: " + ", ".join(["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]))
    if weights.is_file():
        card = read_card(weights)
        print(f"weights: {weights}, sha256 {file_sha256(weights)}")
        print(f"         trained on: {card.trained_on if card else 'unknown, there is no model.json beside them'}")
        print(f"         license: {card.license if card else 'unknown'}")
    else:
        print("weights: none in the bundle; `make demo` trains some, --weights names a checkpoint")
    print("license: Apache-2.0 (code)")
    print(NOTICE)
    return 0
