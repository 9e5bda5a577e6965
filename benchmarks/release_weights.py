"""Write trained weights in half precision with their card, and the scores of several seeds into card and metadata.

    python benchmarks/release_weights.py --checkpoint "runs/GDKVM, light 0/models/model_final.pt" \
        --dataset_dir /path/to/CAMUS --results runs/GDKVM*light?[0-9]/eval --command "python benchmarks/..."

The file is a plain state dict that loads into the float32 network. It is written only when the masks agree with
float32's on the validation clips. The card marks the weights as released: training does not replace them.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from torch import Tensor

import gdkvm_monai
from gdkvm_monai.configs import bundle_dir, find_config
from gdkvm_monai.files import atomic_write, file_sha256, write_json
from gdkvm_monai.handlers.weights_card import SOURCES
from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.checkpoint import read_checkpoint

LEAST_EQUAL = 0.999
"""Share of pixels in which the masks must agree."""


def main() -> None:
    """Convert, compare, write; prints size, hash and the share of equal pixels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--results", type=Path, nargs="+", required=True, help="evaluations, one of each seed")
    parser.add_argument("--command", required=True, help="that trained the weights")
    parser.add_argument("--bundle", type=Path, default=bundle_dir(), help="receives models and metadata")
    options = parser.parse_args()
    weights = read_checkpoint(options.checkpoint)
    halves = half_precision(weights)
    equal = share_of_equal_pixels(weights, halves, options.dataset_dir)
    if equal < LEAST_EQUAL:
        raise SystemExit(f"the masks agree in {equal:.5f} of the pixels, expected {LEAST_EQUAL}; nothing was written.")
    out = options.bundle / "models" / "model.pt"
    out.parent.mkdir(exist_ok=True)
    with atomic_write(out) as partial:
        torch.save(halves, partial)
    card = released_card(options.checkpoint, file_sha256(out), scores_of(options.results), options.command)
    card.write(out.with_suffix(".json"))
    metadata = options.bundle / "configs" / "metadata.json"
    write_json(metadata, {**json.loads(metadata.read_text()), "eval_metrics": dict(card.scores)}, indent=4)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, SHA-256 {card.weights_sha256[0]}, equal pixels: {equal:.5f}")
    print(card.scores)


def released_card(checkpoint: Path, sha256: str, scores: dict[str, float], command: str) -> ModelCard:
    """The card of a checkpoint of ``light.yaml`` on CAMUS, completed and marked as that of the released weights."""
    card, views = read_card(checkpoint), light_config()["views"]
    if card is None or card.trained_on != "CAMUS":
        raise SystemExit(f"{checkpoint} has no card that names CAMUS; release weights of a training on CAMUS.")
    source = SOURCES["gdkvm_monai.data.camus_datalist"]
    told = {"domain": source.domain, "license": source.license, "citation": source.citation, "views": tuple(views)}
    version = gdkvm_monai.__version__
    marks = {"weights_sha256": (sha256,), "gdkvm_version": version, "release": version}
    return replace(card, **told, scores=scores, command=command, **marks)


def scores_of(results: Sequence[Path]) -> dict[str, float]:
    """Mean Dice and HD95 of each structure over the seeds, with the standard deviation between several seeds."""
    tables = [json.loads((folder / "metrics.json").read_text())["scores"]["structure"] for folder in results]
    scores: dict[str, float] = {}
    for name in STRUCTURES:
        rows = [row["scores"] for table in tables for row in table if row["structure"] == name]
        for score, unit, digits in (("dice", "", 4), ("hd95", "_mm", 2)):
            values = [row[score]["mean"] for row in rows]
            key = f"{name.lower()}_{score}{unit}"
            scores[key] = round(statistics.mean(values), digits)
            if len(values) > 1:
                scores[f"{key}_sd"] = round(statistics.stdev(values), digits)
    return {**scores, "seeds": len(results)}


def half_precision(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights in half precision, integers as they are.

    Raises:
        ValueError: when a weight does not fit into half precision's range.
    """
    halves = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    for name, value in halves.items():
        if not bool(value.isfinite().all()):
            raise ValueError(f"weight {name} exceeds half precision's range of 65504; release float32 weights.")
    return halves


def light_config() -> ConfigParser:
    """The config that the released weights are trained with."""
    return ConfigParser(
        ConfigParser.load_config_files([str(find_config(name)) for name in ("train.json", "light.yaml")])
    )


@torch.inference_mode()
def share_of_equal_pixels(first: dict[str, Tensor], second: dict[str, Tensor], dataset_dir: Path) -> float:
    """Share of pixels of all validation clips in which the masks of two sets of weights agree."""
    parser = light_config()
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
