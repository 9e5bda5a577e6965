"""GDKVM against MONAI's U-Net on CAMUS's ED/ES pairs: trains both, scores both, writes the table of docs/results.md.

    python benchmarks/camus_stills.py --dataset_dir /path/to/CAMUS --out runs

A run that has its results already is not repeated; delete its folder to repeat it.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from monai.bundle import ConfigParser

from gdkvm_monai.cli.demo import CONFIGS, run_bundle

NETWORKS = {"GDKVM": ([], "network_def#dropout=0.2"), "U-Net": (["unet.yaml"], "network_def#network#dropout=0.1")}
"""Overlays of each network and its dropout in the first stage; the second stage has none."""

BASE = ["train.json", "camus_stills.yaml"]
REFINING_EPOCHS = 6
SCORES = {"dice": "{:.4f}", "hd95": "{:.2f}", "asd": "{:.2f}"}


def main() -> None:
    """Run what is missing, then write the table and the learning curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    options, overrides = parser.parse_known_args()
    for name in NETWORKS:
        train_and_evaluate(name, options.out / name, options.dataset_dir, overrides)
    print(table({name: options.out / name / "refined" for name in NETWORKS}))
    plot_learning_curves({name: options.out / name for name in NETWORKS}, options.out / "learning_curves.png")


def train_and_evaluate(name: str, folder: Path, dataset_dir: Path, overrides: Sequence[str]) -> None:
    """Two stages, strong augmentation and then the paper's, each evaluated with its last weights."""
    overlays, dropout = NETWORKS[name]
    refining = [f"--epochs={REFINING_EPOCHS}", f"--{dropout.split('=')[0]}=0.0"]
    refining.append(f"--initial_weights={folder / 'first' / 'models' / 'model_final.pt'}")
    stages = {"first": (["strong_augmentation.yaml"], [f"--{dropout}"]), "refined": ([], refining)}
    for stage, (augmentation, changes) in stages.items():
        root = folder / stage
        configs = [*BASE, *augmentation, *overlays]
        if not (root / "models" / "model_final.pt").is_file():
            start = time.monotonic()
            run_bundle("training", configs, root, dataset_dir, [*changes, *overrides])
            (root / "seconds.txt").write_text(f"{time.monotonic() - start:.0f}\n")
        if not (root / "eval" / "metrics.json").is_file():
            final = f"--checkpoint={root / 'models' / 'model_final.pt'}"
            run_bundle(
                "evaluating", [*configs, "evaluate.json"], root, dataset_dir, [final, "--save_masks=True", *overrides]
            )


def table(runs: dict[str, Path]) -> str:
    """The scores in Markdown, one row per structure and phase, one column per network and score."""
    metrics = {name: json.loads((folder / "eval" / "metrics.json").read_text()) for name, folder in runs.items()}
    groups = {
        name: {(g["structure"], g["phase"]): g for g in m["scores"]["structure x phase"]} for name, m in metrics.items()
    }
    for name, m in metrics.items():
        groups[name] |= {(g["structure"], "ED and ES"): g for g in m["scores"]["structure"]}
    heads = [f"{name} {label}" for label in ("Dice", "HD95 mm", "ASD mm") for name in runs]
    lines = ["| structure | phase | " + " | ".join(heads) + " |", "|---" * (2 + len(heads)) + "|"]
    for key in groups[next(iter(runs))]:
        cells = [_cell(groups[name][key]["scores"][score], form) for score, form in SCORES.items() for name in runs]
        lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(cells) + " |")
    for name, folder in runs.items():
        seconds = [(folder.parent / stage / "seconds.txt").read_text().strip() for stage in ("first", "refined")]
        lines.append(f"\n{name}: {parameters(name) / 1e6:.1f} M parameters, trained in {' + '.join(seconds)} s")
    return "\n".join(lines)


def parameters(name: str) -> int:
    """Number of parameters of a network of this benchmark."""
    files = [str(CONFIGS / file) for file in ("train.json", *NETWORKS[name][0])]
    parser = ConfigParser(ConfigParser.load_config_files(files))
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    return sum(p.numel() for p in network.parameters())


def plot_learning_curves(runs: dict[str, Path], path: Path) -> None:
    """Training loss and validation Dice of all networks in one picture, the second stage behind the first."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axes, dice_axes = figure.subplots(1, 2)
    for name, folder in runs.items():
        curves = [_read_curve(folder / stage) for stage in ("first", "refined")]
        losses = torch.tensor([value for curve in curves for series, _, value in curve if series == "train_loss"])
        smooth = losses.unfold(0, min(25, len(losses)), 1).mean(-1)
        loss_axes.plot(range(len(losses) - len(smooth) + 1, len(losses) + 1), smooth, label=name)
        first = sum(series == "train_loss" for series, _, _ in curves[0])
        dice = [
            (step + offset, value)
            for curve, offset in zip(curves, (0, first))
            for series, step, value in curve
            if series == "val_mean_dice"
        ]
        dice_axes.plot(*zip(*dice), marker="o", label=name)
    loss_axes.set(xlabel="iteration", ylabel="training loss, mean of 25")
    dice_axes.set(xlabel="iteration", ylabel="validation Dice, mean of structures", ylim=(0.8, None))
    for axes in (loss_axes, dice_axes):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def _read_curve(root: Path) -> list[tuple[str, int, float]]:
    with open(root / "eval" / "learning_curve.csv", newline="") as file:
        return [(row["series"], int(row["iteration"]), float(row["value"])) for row in csv.DictReader(file)]


def _cell(score: dict, form: str) -> str:
    return f"{form} [{form}, {form}]".format(score["mean"], score["low"], score["high"])


if __name__ == "__main__":
    main()
