"""The table in docs/results.md: the light GDKVM, the paper's GDKVM, and MONAI's U-Net, trained alike on CAMUS ED/ES.

    python benchmarks/camus_stills.py --dataset_dir /path/to/CAMUS --out runs --seeds 0 1 2

A run with existing results is not repeated, and an unfinished one is resumed; delete its folder to repeat it.
Additional arguments are passed to the training, for example ``--epochs=1``.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import yaml
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from monai.bundle import ConfigParser

from gdkvm_monai.configs import find_config
from gdkvm_monai.configs.commands import run_in_process
from gdkvm_monai.evaluation import compare_seeds
from gdkvm_monai.evaluation.summary import DISTANCES

SCRATCH = ["--imagenet_weights=$None"]
ONE_RATE = [*SCRATCH, "--optimizer#params=$@network.parameters()", "--lr_scheduler#max_lr=@learning_rate"]
PAPER = {
    "backbone": "resnet50",
    "value_encoder": "resnet18",
    "decoder": "full",
    "deep_supervision": False,
    "stochastic_depth": 0.0,
    "value_channels": 256,
    "decoder_width": 256,
}
BASE = ("train.json", "light.yaml")
Recipe = tuple[Sequence[str], Sequence[str]]
"""Overlays after the base configs, and overrides."""

NETWORKS: dict[str, Recipe] = {
    "GDKVM, light": ([], []),
    "GDKVM, light, without ImageNet": ([], SCRATCH),
    "GDKVM, the paper's": ([], [*ONE_RATE, *(f"--network_def#{name}={value}" for name, value in PAPER.items())]),
    "U-Net": (["unet.yaml"], ONE_RATE),
    "Vivim": (["vivim.yaml"], ONE_RATE),
}
"""The recipe of each row."""

COLUMNS = [("LV", None, "dice"), ("LV", None, "hd95")]
COLUMNS += [(structure, phase, "dice") for structure in ("MYO", "LA") for phase in ("ED", "ES")]


def main() -> None:
    """Run the missing trainings, then print the table and write the learning curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options, overrides = parser.parse_known_args()
    runs = {name: [options.out / f"{name} {seed}" for seed in options.seeds] for name in options.networks}
    for name, folders in runs.items():
        for seed, folder in zip(options.seeds, folders):
            train_and_evaluate(NETWORKS[name], folder, options.dataset_dir, [f"--seed={seed}", *overrides])
    print(table(runs), ef_table(runs), sep="\n\n")
    plot_learning_curves({name: folders[0] for name, folders in runs.items()}, options.out / "learning_curves.png")


def train_and_evaluate(
    recipe: Recipe, root: Path, dataset_dir: Path, overrides: Sequence[str], base: Sequence[str] = BASE
) -> None:
    """Train a network and evaluate its last weights on the official validation patients, unless training diverges."""
    overlays, changes = recipe
    configs, final = [*base, *overlays], root / "models" / "model_final.pt"
    keep_settings(root, [*configs, *changes, *overrides])
    if divergence(root):
        return
    if not (root / "seconds.txt").is_file():
        try:
            run_in_process("training", configs, root, dataset_dir, [*changes, *overrides, "--resume=True"])
        except subprocess.CalledProcessError:
            if divergence(root):
                return
            raise
        seconds = json.loads((root / "training" / "metrics.json").read_text())["seconds"]
        (root / "seconds.txt").write_text(f"{seconds:.0f}\n")
    if not (root / "eval" / "metrics.json").is_file():
        evaluation = [f"--checkpoint={final}", "--save_masks=True", *changes, *overrides]
        run_in_process("evaluating", [*configs, "evaluate.json"], root, dataset_dir, evaluation)


def finished(root: Path) -> bool:
    """Return whether a training has ended and been evaluated, or has diverged."""
    return bool(divergence(root)) or (root / "eval" / "metrics.json").is_file()


def keep_settings(root: Path, settings: Sequence[str]) -> None:
    """Keep what a training is made with in its folder.

    Raises:
        ValueError: if the folder has a training that was made with something else.
    """
    file, text = root / "settings.txt", "\n".join(settings) + "\n"
    if file.is_file() and (kept := file.read_text()) != text:
        odd = sorted(set(kept.splitlines()) ^ set(settings))
        raise ValueError(f"{root} was trained with other settings ({', '.join(odd)}); use another --out.")
    root.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def divergence(root: Path) -> str:
    """Return where training ended because a loss, a gradient, or a weight was not finite; empty if it did not."""
    log = root / "training" / "log.txt"
    failure = re.search(
        r"training failed after iteration (\d+): (the (?:loss is|norm of the gradient is) (?:nan|-?inf)|"
        r"the weights are not finite)",
        log.read_text() if log.is_file() else "",
    )
    return f"diverged after iteration {failure[1]}: {failure[2]}" if failure else ""


def table(
    runs: Mapping[str, Sequence[Path]], networks: Mapping[str, Recipe] = NETWORKS, base: Sequence[str] = BASE
) -> str:
    """Return a Markdown table of means and SDs over the seeds that did not diverge, one row per network.

    ``best`` and ``tie`` follow :func:`~gdkvm_monai.evaluation.compare_seeds`; with one seed, nothing is named.
    """
    heads = [" ".join(part for part in column if part) for column in COLUMNS]
    lines = [f"| network | M parameters | seeds | {' | '.join(heads)} | s |", "|---" * (4 + len(COLUMNS)) + "|"]
    complete = {name: [folder for folder in folders if not divergence(folder)] for name, folders in runs.items()}
    scores = {name: [scores_of(folder) for folder in folders] for name, folders in complete.items() if folders}
    compared = {
        column: compare_seeds(
            {name: [score[column] for score in of] for name, of in scores.items()}, column[2] in DISTANCES
        )
        for column in COLUMNS
        if scores
    }
    for name, folders in runs.items():
        cells, seconds = ["diverged"] * len(COLUMNS), ""
        if name in scores:
            cells = [compared[column][name].cell(".4f" if column[2] == "dice" else ".2f") for column in COLUMNS]
            seconds = f"{statistics.mean(float((folder / 'seconds.txt').read_text()) for folder in complete[name]):.0f}"
        lost = len(folders) - len(complete[name])
        seeds = f"{len(folders)}, {lost} diverged" if lost else f"{len(folders)}"
        start = f"| {name} | {parameters(networks[name], base) / 1e6:.1f} | {seeds} | "
        lines.append(start + " | ".join(cells) + f" | {seconds} |")
    return "\n".join(lines)


def scores_of(root: Path) -> dict[tuple, float]:
    """Read the scores of one run for the columns of the table."""
    groups = json.loads((root / "eval" / "metrics.json").read_text())["scores"]
    of_phase = {(g["structure"], g["phase"]): g["scores"] for g in groups["structure x phase"]}
    of_both = {(g["structure"], None): g["scores"] for g in groups["structure"]}
    return {column: (of_phase | of_both)[column[:2]][column[2]]["mean"] for column in COLUMNS}


def ef_table(runs: dict[str, list[Path]]) -> str:
    """Return a Markdown table of the mean absolute errors of EF in points, with a last row for the expert masks.

    That row is the ceiling: what masks can reach against an EF that was recorded by another method or for another view.
    """
    found = {name: [ef_errors(folder) for folder in folders] for name, folders in runs.items()}
    columns = [name for name in next(iter(found.values()))[0] if "of the reference masks" not in name]
    compared = {
        column: compare_seeds({name: [run[column] for run in found[name]] for name in runs}, lower_is_better=True)
        for column in columns
    }
    lines = [f"| MAE of EF, points | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    lines += [f"| {name} | {' | '.join(compared[column][name].cell('.2f') for column in columns)} |" for name in runs]
    experts = next(iter(found.values()))[0]
    ceiling = [
        experts.get(column.replace("ef_percent", "ef_percent of the reference masks"), 0.0) for column in columns
    ]
    return "\n".join([*lines, f"| expert masks | {' | '.join(f'{error:.2f}' for error in ceiling)} |"])


def ef_errors(root: Path) -> dict[str, float]:
    """Read the mean absolute error of EF of one run in each comparison, by its name in ``metrics.json``."""
    agreement = json.loads((root / "eval" / "metrics.json").read_text())["agreement"]
    return {name: numbers["mae"] for name, numbers in agreement.items() if "ef_percent" in name}


def parameters(recipe: Recipe, base: Sequence[str] = BASE) -> int:
    """Return the number of parameters of a network in this benchmark."""
    overlays, changes = recipe
    parser = ConfigParser(ConfigParser.load_config_files([str(find_config(file)) for file in (*base, *overlays)]))
    for change in (change for change in changes if "network_def#" in change):
        key, value = change.removeprefix("--").split("=")
        parser[key] = yaml.safe_load(value)
    network: torch.nn.Module = parser.get_parsed_content("network_def")
    return sum(p.numel() for p in network.parameters())


def plot_learning_curves(runs: Mapping[str, Path], path: Path) -> None:
    """Plot training loss and validation Dice of one run of each network in one figure."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axes, dice_axes = figure.subplots(1, 2)
    for name, root in runs.items():
        with open(root / "training" / "learning_curve.csv", newline="") as file:
            rows = [(row["series"], int(row["iteration"]), float(row["value"])) for row in csv.DictReader(file)]
        losses = torch.tensor([value for series, _, value in rows if series == "train_loss"])
        smooth = losses.unfold(0, min(25, len(losses)), 1).mean(-1)
        loss_axes.plot(range(len(losses) - len(smooth) + 1, len(losses) + 1), smooth, label=name)
        dice_axes.plot(*zip(*[row[1:] for row in rows if row[0] == "val_mean_dice"]), marker="o", label=name)
    loss_axes.set(xlabel="iteration", ylabel="training loss, mean of 25")
    dice_axes.set(xlabel="iteration", ylabel="validation Dice, mean of structures", ylim=(0.8, None))
    for axes in (loss_axes, dice_axes):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
