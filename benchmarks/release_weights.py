"""Release trained weights: in half precision, scored as released, with their scores in the card and the metadata.

    python benchmarks/release_weights.py --checkpoint "runs/GDKVM, light 0/models/model_final.pt" \
        --dataset_dir /path/to/CAMUS --out runs/release \
        --seed_results runs/GDKVM*light?[0-9]/eval --command "python -m monai.bundle run training ..."

The file is a plain state dict that loads into the float32 network. It is released only when its masks agree with those
of the float32 weights on the validation clips. The scores are those of the released file, evaluated here, so that
``gdkvm evaluate`` gives the same; the figures in the documents come from ``OUT/eval/metrics.json``, too. The card marks
the weights as released: training does not replace them.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from torch import Tensor

import gdkvm_monai
from gdkvm_monai.configs import bundle_dir, find_config
from gdkvm_monai.configs.commands import evaluate
from gdkvm_monai.files import atomic_write, file_sha256, write_json
from gdkvm_monai.handlers.weights_card import SOURCES
from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.checkpoint import read_checkpoint, write_checkpoint

LEAST_EQUAL = 0.999
"""Share of pixels in which the masks must agree."""

DIGITS = {"dice": 4, "hd95_mm": 2, "points": 2, "r": 3}
"""Decimal places of a score by the end of its name."""


def main() -> None:
    """Convert, compare, evaluate, and release; prints size, hash, share of equal pixels, and scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/release"), help="receives the weights and their eval")
    parser.add_argument("--seed_results", type=Path, nargs="+", default=[], help="evaluations, one of each seed")
    parser.add_argument("--command", required=True, help="that trained the weights")
    parser.add_argument("--bundle", type=Path, default=bundle_dir(), help="receives models and metadata")
    options = parser.parse_args()
    card = released_card(options.checkpoint, options.command)
    weights = read_checkpoint(options.checkpoint)
    halves = half_precision(weights)
    equal = share_of_equal_pixels(card, weights, halves, options.dataset_dir)
    if equal < LEAST_EQUAL:
        raise SystemExit(f"the masks agree in {equal:.5f} of the pixels, expected {LEAST_EQUAL}; nothing was released.")
    out = options.out / "models" / "model.pt"
    out.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(out, halves)
    card = replace(card, weights_sha256=(file_sha256(out),))
    card.write(out.with_suffix(".json"))
    evaluate(options.dataset_dir, options.out / "eval", out, ["light.yaml"])
    card = replace(card, scores=scores_of(options.out / "eval", options.seed_results))
    release(out, card, options.bundle)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, SHA-256 {card.weights_sha256[0]}, equal pixels: {equal:.5f}")
    print(json.dumps(card.scores, indent=2))


def released_card(checkpoint: Path, command: str) -> ModelCard:
    """The card of a checkpoint that was trained on CAMUS, completed and marked as that of the released weights."""
    card = read_card(checkpoint)
    if card is None or card.trained_on != "CAMUS":
        raise SystemExit(f"{checkpoint} has no card that names CAMUS; release weights of a training on CAMUS.")
    if not card.imagenet_weights:
        raise SystemExit(
            f"the card of {checkpoint} does not say which ImageNet weights it starts from; train it again."
        )
    source = SOURCES["gdkvm_monai.data.camus_datalist"]
    told = {"domain": source.domain, "license": source.license, "citation": source.citation}
    version = gdkvm_monai.__version__
    marks = {"views": tuple(light_config()["views"]), "gdkvm_version": version, "release": version}
    return replace(card, **told, **marks, command=command)


def release(weights: Path, card: ModelCard, bundle: Path) -> None:
    """Write weights, their card, and its scores in the metadata to a bundle."""
    path = bundle / "models" / "model.pt"
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as partial:
        partial.write_bytes(weights.read_bytes())
    card.write(path.with_suffix(".json"))
    metadata = bundle / "configs" / "metadata.json"
    write_json(metadata, {**json.loads(metadata.read_text()), "eval_metrics": dict(card.scores)}, indent=4)


def scores_of(results: Path, seed_results: Sequence[Path] = ()) -> dict[str, float]:
    """Scores for the card: means and SD over patients, and over seeds.

    Args:
        results: evaluation of the weights.
        seed_results: evaluations of networks that were trained alike with different seeds, if any.

    Returns:
        Score ``S`` and its SD over patients ``S_sd``; ``patients``; for several seeds ``S_seeds_mean``, ``S_seeds_sd``
        (ddof 1), and ``seeds``. The SD of the EF's bias is that of the differences.
    """
    own = dict(measured(results))
    scores = {name: rounded(name, value) for name, (value, _) in own.items()}
    scores |= {f"{name}_sd": rounded(name, sd) for name, (_, sd) in own.items() if sd is not None}
    scores["patients"] = json.loads((results / "metrics.json").read_text())["counts"]["patients"]
    tables = [dict(measured(folder)) for folder in seed_results]
    for name in own if len(tables) > 1 else ():
        values = [table[name][0] for table in tables]
        scores[f"{name}_seeds_mean"] = rounded(name, statistics.mean(values))
        scores[f"{name}_seeds_sd"] = rounded(name, statistics.stdev(values))
    return {**scores, "seeds": max(1, len(tables))}


def measured(results: Path) -> Iterator[tuple[str, tuple[float, float | None]]]:
    """Yield the name of each score of an evaluation, with its value and its SD over patients, if it has one."""
    content = json.loads((results / "metrics.json").read_text())
    rows = {row["structure"]: row["scores"] for row in content["scores"]["structure"]}
    for structure in STRUCTURES:
        for score, unit in (("dice", ""), ("hd95", "_mm")):
            entry = rows[structure][score]
            yield f"{structure.lower()}_{score}{unit}", (entry["mean"], entry["sd"])
    (ef,) = [
        entry for name, entry in content["agreement"].items() if name.endswith("ef_percent against reference masks")
    ]
    yield "ef_bias_points", (ef["bias"], ef["sd"])
    yield "ef_mae_points", (ef["mae"], None)
    yield "ef_r", (ef["r"], None)


def rounded(name: str, value: float) -> float:
    """Round a score to the decimal places in which it is stated everywhere."""
    return round(value, next(digits for end, digits in DIGITS.items() if name.endswith(end)))


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
def share_of_equal_pixels(
    card: ModelCard, first: dict[str, Tensor], second: dict[str, Tensor], dataset_dir: Path
) -> float:
    """Share of pixels of all validation clips in which the masks of two sets of weights agree."""
    parser = light_config()
    parser["dataset_dir"] = str(dataset_dir)
    network = card.build_network().eval()
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
