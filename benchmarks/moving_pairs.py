"""Measure the clips that moving_clips.yaml makes of the ED/ES pairs of a data set.

    python benchmarks/moving_pairs.py --dataset_dir CAMUS

It prints how well each structure arrives at ES and returns to ED (Dice), how much the flow compresses, how much of the
speckle's contrast the moved frames keep, and the time per pair and clip.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.transforms import Compose
from scipy.ndimage import gaussian_filter
from torch import Tensor

from gdkvm_monai.labels import LV, MYOCARDIUM, STRUCTURES
from gdkvm_monai.transforms.motion import displacement, pair_velocity, warp
from gdkvm_monai.transforms.moving_pair import ClipVariation, RandMovingPaird, moving_clip

CONFIGS = Path(__file__).resolve().parents[1] / "bundle" / "configs"
STILL = ClipVariation(rotation_degrees=0, shift=0, gain=0, speckle=0, noise=0)
ED_TO_ES = torch.linspace(0, 1, 9)


def main() -> None:
    """Measure the pairs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--section", default="training", help="training (default), validation, or test")
    parser.add_argument("--patients", type=int, help="number of patients, evenly spaced; all by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measured(item) for item in pairs(options.dataset_dir, options.section, options.patients)]
    print(f"{len(rows)} pairs\n| | mean | lowest | 5th percentile | highest |\n|---|---|---|---|---|")
    for name in rows[0]:
        values = [row[name] for row in rows if name in row]
        numbers = np.mean(values), *np.percentile(values, (0, 5, 100))
        print("|".join(["", f" {name} ", *(f" {number:.3f} " for number in numbers), ""]))


def pairs(root: Path, section: str, patients: int | None) -> Iterator[dict[str, Tensor]]:
    """Load pairs as training with light.yaml does."""
    config = ConfigParser(ConfigParser.load_config_files([str(CONFIGS / n) for n in ("train.json", "light.yaml")]))
    config["dataset_dir"], config["train"]["datalist"]["section"] = str(root), section
    names = "train#datalist", "train#deterministic_transforms", "train#training_transforms"
    clips, *steps = (config.get_parsed_content(name) for name in names)
    load = Compose([*steps[0], *steps[1]])
    for place in np.linspace(0, len(clips) - 1, patients or len(clips)).round().astype(int):
        yield {key: torch.as_tensor(value) for key, value in load(clips[place]).items()}


def measured(item: dict[str, Tensor]) -> dict[str, float]:
    """Measure one pair."""
    start = time.process_time()
    velocity = pair_velocity(item["label"])
    row, size = {"ms per pair": 1000 * (time.process_time() - start)}, tuple(item["label"].shape[1:3])
    clips = [_from_source(item, velocity, source) for source in (0, 1)]
    for name, (value,) in STRUCTURES.items():
        for (_, label), source, way in zip(clips, (0, 1), ("arrives at ES", "returns to ED")):
            reached, known = label[..., -1 if source == 0 else 0] == value, item["label"][..., 1 - source] == value
            if known.any():
                row[f"{name} Dice, {way}"] = 2 * float((reached & known).sum()) / float(reached.sum() + known.sum())
    row["smallest Jacobian"] = float(_jacobian(displacement(velocity, torch.tensor([-1.0, 1.0]), size)).min())
    areas = (clips[0][1] == LV).sum(dim=(0, 1, 2))
    row["largest growth of the cavity in a step, pixels"] = float(areas.diff().max().clamp(min=0))
    row["speckle kept, mean of the beat"] = float(np.mean([_speckle(item, *clip, n) for n, clip in enumerate(clips)]))
    row["speckle kept by blending both frames, halfway"] = _blended(item, velocity)
    start = time.process_time()
    RandMovingPaird(8).set_random_state(0)({**item, "motion": velocity})
    return row | {"ms per clip of 8 frames": 1000 * (time.process_time() - start)}


def _from_source(item: dict[str, Tensor], velocity: Tensor, source: int) -> tuple[Tensor, Tensor]:
    """The clip from ED to ES whose tissue is that of one frame."""
    seed = next(n for n in range(100) if np.random.default_rng(n).integers(2) == source)
    rng = np.random.default_rng(seed)
    return moving_clip(item["image"], item["label"], velocity, ED_TO_ES.numpy(), STILL, rng)


def _jacobian(moved: Tensor) -> Tensor:
    """Determinant of the map's derivative between the places of a displacement ``(N, 2, H, W)``."""
    height, width = moved.shape[-2:]
    x = moved[:, 0] * width / 2 + torch.arange(width)
    y = moved[:, 1] * height / 2 + torch.arange(height)[:, None]
    (xx, xy), (yx, yy) = ((place.diff(dim=2)[:, :-1], place.diff(dim=1)[..., :-1]) for place in (x, y))
    return xx * yy - xy * yx


def _contrast(frame: Tensor, label: Tensor) -> float:
    """Standard deviation of what is finer than a Gaussian of 2 pixels, in the myocardium."""
    gray = frame.numpy()
    return float((gray - gaussian_filter(gray, 2))[(label == MYOCARDIUM).numpy()].std())


def _speckle(item: dict[str, Tensor], image: Tensor, label: Tensor, source: int) -> float:
    given = _contrast(item["image"][0, ..., source], item["label"][0, ..., source])
    frames = zip(image[0].unbind(-1), label[0].unbind(-1))
    return float(np.mean([_contrast(*frame) for frame in frames])) / given


def _blended(item: dict[str, Tensor], velocity: Tensor) -> float:
    size = tuple(item["label"].shape[1:3])
    halfway = displacement(velocity, torch.tensor([-0.5, 0.5]), size)
    frames = warp(item["image"].movedim(-1, 0), halfway)
    nearest = warp(item["label"].movedim(-1, 0).float(), halfway, mode="nearest")[0, 0]
    given = np.mean([_contrast(item["image"][0, ..., n], item["label"][0, ..., n]) for n in (0, 1)])
    return _contrast(frames.mean(dim=0)[0], nearest) / float(given)


if __name__ == "__main__":
    main()
