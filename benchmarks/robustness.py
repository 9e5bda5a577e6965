"""Dice on degraded CAMUS pairs, for the released network and others, with paired intervals against the first.

    python benchmarks/robustness.py --dataset_dir /path/to/CAMUS --out runs/robustness \
        --weights light=bundle/models/model.pt U-Net=runs/unet/models/model_final.pt

Each end-diastolic and end-systolic pair of the official validation patients is degraded in steps, segmented as a clip
of two frames through the pipeline of ``gdkvm``, and scored on its own grid: mean Dice of LV, MYO, and LA over both
frames, then over patients. Rotation and depth change the expert mask in the same way. A line of ``scores.csv`` is not
repeated.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from quality_images import DEGRADATIONS, Pair, expert_pairs
from scipy.ndimage import affine_transform, gaussian_filter, zoom
from tqdm import tqdm

from gdkvm_monai.data.intensity import GrayScale
from gdkvm_monai.evaluation.bootstrap import bootstrap_interval
from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM
from gdkvm_monai.metrics.frame_measurements import dice
from gdkvm_monai.study.pipeline import Pipeline, load_pipeline

SCORED = (LV, MYOCARDIUM, LEFT_ATRIUM)
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def gain(factor: float) -> Change:
    """Multiply all gray levels, and clip them at 255."""
    return lambda image, rng: image * factor


def contrast(gamma: float) -> Change:
    """Raise gray levels in [0, 1] to a power."""
    return lambda image, rng: 255 * (image / 255) ** gamma


def noise(strength: float) -> Change:
    """Multiply by grain of a speckle's size; the strength is its standard deviation."""

    def change(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        grain = gaussian_filter(rng.standard_normal(image.shape), (2, 1, 0))
        return image * (1 + strength * grain / grain.std())

    return change


def blur(sigma_mm: float, spacing_mm: float = 0.308) -> Change:
    """Blur with a Gaussian, twice as wide across the beam as along it."""
    return lambda image, rng: gaussian_filter(image, (2 * sigma_mm / spacing_mm, sigma_mm / spacing_mm, 0))


def shadow(depth: float) -> Change:
    """Darken a wedge from the probe at a random angle within the sector; the depth is the share that it removes."""
    return lambda image, rng: DEGRADATIONS["shadow"](image, rng, depth)


def resolution(factor: int) -> Change:
    """Keep one pixel of ``factor x factor``, after averaging, and enlarge again."""

    def change(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        small = gaussian_filter(image, (factor / 2, factor / 2, 0))[::factor, ::factor]
        scale = [full / part for full, part in zip(image.shape, small.shape)]
        return zoom(small, scale, order=1, grid_mode=True, mode="nearest")

    return change


INTENSITY = {
    **{f"gain x {factor}": gain(factor) for factor in (0.5, 0.75, 1.5, 2)},
    **{f"gamma {gamma}": contrast(gamma) for gamma in (0.5, 0.75, 1.5, 2)},
    **{f"noise {strength}": noise(strength) for strength in (0.25, 0.5, 1)},
    **{f"blur {sigma} mm": blur(sigma) for sigma in (0.5, 1, 2)},
    **{f"shadow {depth}": shadow(depth) for depth in (0.5, 0.8, 1)},
    **{f"resolution / {factor}": resolution(factor) for factor in (2, 4, 8)},
}
GEOMETRY = {
    **{f"rotation {angle} degrees": (angle, 1.0) for angle in (-30, -20, -10, 10, 20, 30)},
    **{f"depth x {factor}": (0, factor) for factor in (0.8, 1.25, 1.5)},
}
"""Angle and depth of the field of view; a larger depth shows a smaller heart, around the probe at the top."""


def main() -> None:
    """Score what is missing in ``scores.csv``, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", nargs="+", required=True, metavar="NAME=FILE")
    parser.add_argument("--patients", type=int, help="only the first patients")
    options = parser.parse_args()
    weights = dict(text.rsplit("=", 1) for text in options.weights)
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "scores.csv"
    scores = read(file)
    pairs = list(expert_pairs(options.dataset_dir, "validation"))[: options.patients]
    for name, path in weights.items():
        pipeline = load_pipeline(path, device="cpu")
        with file.open("a", newline="") as stream:
            for pair in tqdm(pairs, name):
                for condition in ("clean", *INTENSITY, *GEOMETRY):
                    if (name, condition, pair.patient) not in scores:
                        scores[name, condition, pair.patient] = score = mean_dice(pipeline, pair, condition)
                        csv.writer(stream).writerow([name, condition, pair.patient, score])
    print(table(scores, list(weights), [pair.patient for pair in pairs]))


def read(file: Path) -> dict[tuple[str, str, str], float]:
    """Read the scores by name, condition, and patient."""
    rows = csv.reader(file.read_text().splitlines()) if file.is_file() else ()
    return {(name, condition, patient): float(score) for name, condition, patient, score in rows}


def mean_dice(pipeline: Pipeline, pair: Pair, condition: str) -> float:
    """Return the mean Dice of a degraded pair over frames and structures."""
    image, label = pair.image.astype(float), pair.label
    if condition in GEOMETRY:
        image, label = (move(array, *GEOMETRY[condition], order) for array, order in ((image, 1), (label, 0)))
    elif condition in INTENSITY:
        rng = np.random.default_rng(zlib.crc32(f"{pair.patient} {condition}".encode()))
        image = INTENSITY[condition](image, rng)
    session = pipeline.session(gray_scale=GrayScale())
    found = [session.push(frame) for frame in np.clip(image, 0, 255).round().transpose(2, 0, 1)]
    return float(np.nanmean([dice(mask, label[..., t], value) for t, mask in enumerate(found) for value in SCORED]))


def move(clip: np.ndarray, angle: float, depth: float, order: int) -> np.ndarray:
    """Rotate a clip ``(H, W, T)`` about the middle of its upper edge and change the depth of its field of view."""
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    matrix = depth * np.array([[cos, -sin], [sin, cos]])
    probe = np.array([(len(clip) - 1) / 2, 0])
    frames = [affine_transform(f, matrix, probe - matrix @ probe, order=order) for f in clip.transpose(2, 0, 1)]
    return np.stack(frames, -1)


def table(scores: dict[tuple[str, str, str], float], names: list[str], patients: list[str]) -> str:
    """Return a Markdown table of means over patients, with the differences from the first network."""
    first, *others = names
    heads = [f"{name} - {first} [95 % interval]" for name in others]
    lines = [f"| {' | '.join(['condition', *names, *heads])} |", "|---" * (1 + len(names) + len(others)) + "|"]
    for condition in ("clean", *INTENSITY, *GEOMETRY):
        by_name = {name: np.array([scores[name, condition, patient] for patient in patients]) for name in names}
        cells = [f"{by_name[name].mean():.4f}" for name in names]
        for name in others:
            difference = by_name[name] - by_name[first]
            low, high = bootstrap_interval(difference, patients)
            cells.append(f"{difference.mean():+.4f} [{low:+.4f}, {high:+.4f}]")
        lines.append(f"| {condition} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
