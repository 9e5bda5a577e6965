"""Write trained weights in half precision after comparing their masks with those of float32 on the validation clips.

    python benchmarks/release_weights.py --checkpoint runs/models/model_final.pt --dataset_dir /path/to/CAMUS \
        --out bundle/models/model.pt

The file is a plain state dict that loads into the float32 network. It is written only if the masks agree.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from torch import Tensor

from gdkvm_monai.configs import bundle_dir, find_config
from gdkvm_monai.files import atomic_write, file_sha256
from gdkvm_monai.networks.checkpoint import read_checkpoint

LEAST_EQUAL = 0.999
"""Smallest share of pixels in which the masks must agree."""


def main() -> None:
    """Convert, compare, and write the weights; print size, hash, and the share of equal pixels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=bundle_dir() / "models" / "model.pt")
    options = parser.parse_args()
    weights = read_checkpoint(options.checkpoint)
    halves = half_precision(weights)
    equal = share_of_equal_pixels(weights, halves, options.dataset_dir)
    if equal < LEAST_EQUAL:
        raise SystemExit(f"the masks agree in {equal:.5f} of pixels, expected {LEAST_EQUAL}; nothing was written.")
    with atomic_write(options.out) as partial:
        torch.save(halves, partial)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, SHA-256 {file_sha256(options.out)}")
    print(f"equal pixels: {equal:.5f}")


def half_precision(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights in half precision, with integers unchanged.

    Raises:
        ValueError: if a weight exceeds the range of half precision.
    """
    halves = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    for name, value in halves.items():
        if not bool(value.isfinite().all()):
            raise ValueError(f"weight {name} exceeds half precision's range of 65504; release float32 weights.")
    return halves


@torch.inference_mode()
def share_of_equal_pixels(first: dict[str, Tensor], second: dict[str, Tensor], dataset_dir: Path) -> float:
    """Return the share of pixels in all validation clips in which the masks of two sets of weights agree."""
    parser = ConfigParser(
        ConfigParser.load_config_files([str(find_config(name)) for name in ("train.json", "light.yaml")])
    )
    parser["dataset_dir"] = str(dataset_dir)
    network = parser.get_parsed_content("network_def").eval()
    equal, pixels = 0, 0
    for item in parser.get_parsed_content("validate#dataset"):
        masks = []
        for weights in (first, second):
            network.load_state_dict(weights)
            masks.append(network(torch.as_tensor(item["image"])[None]).argmax(1))
        equal += int((masks[0] == masks[1]).sum())
        pixels += masks[0].numel()
    return equal / pixels


if __name__ == "__main__":
    main()
