"""Federated averaging on one machine: two sites, with phantoms of good and poor quality, train one network.

    python benchmarks/federated_simulation.py --out federated

Each site is MONAI's ``MonaiAlgo`` with the bundle's configs. It shares weights, counts, and histograms, but no clips.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from monai.bundle import ConfigWorkflow
from monai.fl.client import MonaiAlgo, MonaiAlgoStats
from monai.fl.utils.constants import ExtraItems, FlStatistics
from monai.fl.utils.exchange_object import ExchangeObject

from gdkvm_monai.configs import bundle_dir
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from gdkvm_monai.transforms import LoadImageClipd, PlaceLabelFramesd

TRAINING = ["configs/train.json", "configs/small_network.yaml"]
SITES = {"site_good": ("good", 12, 1), "site_poor": ("poor", 4, 2)}
"""Image quality, number of training patients, and phantom seed of each site."""


@dataclass
class Site:
    """A site: its algorithm, the number of its training clips (its weight in the average), and their statistics."""

    name: str
    algo: MonaiAlgo
    num_items: int
    statistics: Mapping


def open_site(name: str, folder: Path, dataset_dir: Path, overrides: Mapping[str, object], local_epochs: int) -> Site:
    """Set up a site with its own copy of the configs, its own data, and its own results."""
    shutil.copytree(bundle_dir() / "configs", folder / "configs", dirs_exist_ok=True)
    options = {"dataset_dir": str(dataset_dir), **overrides}
    extra = {ExtraItems.CLIENT_NAME: name, ExtraItems.APP_ROOT: str(folder)}
    stats = MonaiAlgoStats(
        bundle_root="",
        workflow=ConfigWorkflow(
            [str(folder / config) for config in TRAINING], logging_file=False, workflow_type="train", **options
        ),
        data_stats_transform_list=[LoadImageClipd(["image", "label"]), PlaceLabelFramesd("label")],
    )
    stats.initialize(extra)
    histogram = {FlStatistics.HIST_BINS: [16], FlStatistics.HIST_RANGE: [[0, 255]]}
    statistics = stats.get_data_stats(histogram).statistics
    if failed := sum(part[FlStatistics.FAIL_COUNT] for part in statistics.values()):
        raise ValueError(f"{name}: statistics failed for {failed} clips; see the log above for files and reasons.")
    algo = MonaiAlgo(
        bundle_root="",
        local_epochs=local_epochs,
        send_weight_diff=False,
        config_train_filename=TRAINING,
        train_kwargs=dict(options),
        config_evaluate_filename=[*TRAINING, "configs/evaluate.json"],
        eval_kwargs=dict(options),
    )
    algo.initialize(extra)
    return Site(name, algo, statistics["train"][FlStatistics.DATA_COUNT], statistics)


def federated_average(weights: Sequence[Mapping[str, torch.Tensor]], num_items: Sequence[int]) -> dict:
    """Average the sites' weights in proportion to their numbers of training items (FedAvg).

    B. McMahan et al., AISTATS 2017, arXiv:1602.05629. Counters are also averaged, and rounded.

    Example:
        >>> federated_average([{"w": torch.tensor([0.0])}, {"w": torch.tensor([4.0])}], [3, 1])
        {'w': tensor([1.])}
    """
    shares = [count / sum(num_items) for count in num_items]
    average = {}
    for name, first in weights[0].items():
        value = sum(share * site[name].double() for share, site in zip(shares, weights))
        average[name] = (value if first.is_floating_point() else value.round()).to(first.dtype)
    return average


def federate(sites: Sequence[Site], rounds: int) -> tuple[dict, list[dict[str, float]]]:
    """Train in rounds; return the final weights and the validation Dice of each site by round, starting at round 0."""
    average = {name: value.clone() for name, value in sites[0].algo.get_weights().weights.items()}
    scores = [evaluate(sites, average)]
    for _ in range(rounds):
        trained = []
        for site in sites:
            site.algo.train(ExchangeObject(weights=average))
            trained.append(site.algo.get_weights().weights)
        average = federated_average(trained, [site.num_items for site in sites])
        scores.append(evaluate(sites, average))
    return average, scores


def evaluate(sites: Sequence[Site], weights: dict) -> dict[str, float]:
    """Return the mean Dice of weights on the validation clips of each site."""
    metrics = {site.name: site.algo.evaluate(ExchangeObject(weights=weights)).metrics for site in sites}
    return {name: metric["val_mean_dice"] for name, metric in metrics.items()}


def main() -> None:
    """Write the phantoms of both sites, train, and print a table of scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("federated"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--local_epochs", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=20, help="per local epoch")
    options = parser.parse_args()
    overrides = {
        "num_frames": 2,
        "frame_size": [64, 64],
        "batch_size": 4,
        "learning_rate": 1e-3,
        "iterations_per_epoch": options.iterations,
    }
    sites = []
    for name, (quality, patients, seed) in SITES.items():
        settings = PhantomSettings((patients, 3, 0), (64, 64), seed, frames=(6, 8), qualities=[quality])
        data = write_camus_phantom(options.out / name / "data", settings)
        sites.append(open_site(name, options.out / name, data, overrides, options.local_epochs))
    weights, scores = federate(sites, options.rounds)
    torch.save(weights, options.out / "model.pt")
    print("| round | " + " | ".join(f"{site.name} ({site.num_items} clips)" for site in sites) + " |")
    print("|---" * (len(sites) + 1) + "|")
    for number, row in enumerate(scores):
        print(f"| {number} | " + " | ".join(f"{row[site.name]:.3f}" for site in sites) + " |")


if __name__ == "__main__":
    main()
