"""Seconds of the parts of a training iteration, of the networks and of an earlier commit, interleaved in one run.

    git worktree add ../earlier 57716ff
    OMP_NUM_THREADS=1 python benchmarks/training_speed.py --against ../earlier [--networks light unet] [--batch 10]

Each case trains in a process of its own with the bundle's configs, on phantoms, and takes its next iteration when it is
its turn. ``rest`` is the check of the update, gradient clipping, the weight average, and logging. ``to earlier`` is the
time divided by that of the same network in the earlier commit, ``to U-Net`` by that of the U-Net of the same commit;
these ratios are the result. ``gradients differ`` is the norm of the difference of the gradients of the first iteration
between the commits, divided by their norm.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom

WORKER = Path(__file__).with_name("training_worker.py")
CONFIG_FILES = {
    "light": ["train.json", "light.yaml"],
    "paper": ["train.json", "camus_stills.yaml"],
    "unet": ["train.json", "camus_stills.yaml", "unet.yaml"],
}
PARTS = ("data", "forward", "backward", "optimizer", "rest", "whole")


class Case:
    """A network in a working tree, trained in a process of its own."""

    def __init__(self, network: str, tree: Path, folder: Path, settings: dict[str, object]) -> None:
        self.gradients = folder / f"{network}_{tree.name}.pt"
        arguments = {
            "config_files": CONFIG_FILES[network],
            "settings": {**settings, "bundle_root": str(folder), "imagenet_weights": None},
            "gradients": str(self.gradients),
        }
        self.seconds: list[dict[str, float]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(WORKER), json.dumps(arguments)],
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True},
            env={**os.environ, "PYTHONPATH": str(tree)},
        )

    def iterate(self) -> None:
        """Take one iteration.

        Raises:
            RuntimeError: if training failed.
        """
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = next((line for line in self.process.stdout if line.startswith('{"data"')), None)
        if line is None:
            raise RuntimeError(f"training failed: {' '.join(self.process.args)}; run this for the cause.")
        self.seconds.append(json.loads(line))

    def medians(self, warm_up: int = 1) -> list[float]:
        """Return the median seconds of each part."""
        return [statistics.median(one[part] for one in self.seconds[warm_up:]) for part in PARTS]


def main() -> None:
    """Print the table."""
    options = parse()
    trees = [Path(__file__).resolve().parents[1], *([options.against.resolve()] if options.against else [])]
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder, "data")
        phantoms = PhantomSettings(
            (2 * options.batch, 2, 1), frames=(options.frames, options.frames + 2), views=("4CH",)
        )
        write_camus_phantom(data, phantoms, progress=False)
        settings = settings_of(options, data)
        cases = {
            (network, tree): Case(network, tree, Path(folder), settings)
            for network in options.networks
            for tree in trees
        }
        for _ in range(1 + options.rounds):
            for case in cases.values():
                case.iterate()
        for case in cases.values():
            case.process.kill()
        print(f"\n| batch {options.batch}, T {options.frames}, {options.size}x{options.size} | commit ", end="")
        print(f"| {' | '.join(PARTS)} | to earlier | to U-Net | gradients differ |\n|" + "---|" * (5 + len(PARTS)))
        for (network, tree), case in cases.items():
            print_row(network, tree, cases, tree == trees[-1] and len(trees) > 1)


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=CONFIG_FILES, default=list(CONFIG_FILES))
    parser.add_argument("--against", type=Path, help="working tree of an earlier commit")
    parser.add_argument("--data", type=Path, help="folder that keeps the phantoms for the next run")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--frames", type=int, default=2)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--num_workers", type=int, default=0)
    return parser.parse_args()


def settings_of(options: argparse.Namespace, data: Path) -> dict[str, object]:
    """Return the IDs of the config that all cases share."""
    return {
        "dataset_dir": str(data),
        "views": ["4CH"],
        "clips": "stills" if options.frames == 2 else "half_sequence",
        "num_frames": options.frames,
        "frame_size": [options.size, options.size],
        "batch_size": options.batch,
        "amp_dtype": None if options.precision == "float32" else options.precision,
        "num_workers": options.num_workers,
        "epochs": 1,
        "iterations_per_epoch": 1000,
        "checkpoint_interval": 0,
        "train#postprocessing": None,
        "train#key_metric": None,
    }


def print_row(network: str, tree: Path, cases: dict[tuple[str, Path], Case], earlier: bool) -> None:
    """Print the seconds of a case and its ratios to the others."""
    medians, before, unet = cases[network, tree].medians(), "", ""
    others = [case for (name, other), case in cases.items() if name == network and other != tree]
    differ = ""
    if others and not earlier:
        before = f"{medians[-1] / others[0].medians()[-1]:.2f}"
        differ = f"{difference(cases[network, tree].gradients, others[0].gradients):.1e}"
    if ("unet", tree) in cases:
        unet = f"{medians[-1] / cases['unet', tree].medians()[-1]:.2f}"
    seconds = " | ".join(f"{value:.3f}" for value in medians)
    print(f"| {network} | {'earlier' if earlier else 'this'} | {seconds} | {before} | {unet} | {differ} |")


def difference(one: Path, other: Path) -> float:
    """Return the relative difference of the gradients in two files."""
    first, second = (torch.load(path, weights_only=True) for path in (one, other))
    apart = sum((first[name] - second[name]).double().square().sum() for name in second)
    return float((apart / sum(value.double().square().sum() for value in second.values())).sqrt())


if __name__ == "__main__":
    main()
