"""``make demo``: the whole way from nothing to scores and an overlay, on phantoms generated on the spot."""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np

from gdkvm_monai.data import phantom_datalist
from gdkvm_monai.data.phantom import write_phantom_clip
from gdkvm_monai.study.pipeline import bundle_dir
from gdkvm_monai.study.segmentation import segment
from gdkvm_monai.visualize.movies import write_gif
from gdkvm_monai.visualize.overlay import overlay_clip

CONFIGS = bundle_dir() / "configs"
SMALLEST = {"num_patients": [6, 2, 2], "epochs": 1, "iterations_per_epoch": 20}
NUM_PATIENTS = (40, 8, 8)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    parser = argparse.ArgumentParser(prog="gdkvm-demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for data and results (default: demo)")
    parser.add_argument("--smallest", action="store_true", help="as few steps as show that everything works")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    sizes = SMALLEST if options.smallest else {"num_patients": list(NUM_PATIENTS)}
    out, data = options.out.resolve(), options.out.resolve() / ("phantom_small" if options.smallest else "phantom")
    out.mkdir(parents=True, exist_ok=True)
    phantom_datalist(data, "training", num_patients=tuple(sizes["num_patients"]), size=(160, 160))

    overrides = [f"--{name}={value}" for name, value in sizes.items()]
    configs = ["train.json", "phantom.yaml", "small_network.yaml"]
    run_bundle("training", configs, out, data, overrides)
    run_bundle("evaluating", [*configs, "evaluate.json"], out, data, [*overrides, "--section=testing"])
    clip = _testing_clip(data)
    run_bundle("inference", ["inference.json", "small_network.yaml"], out, Path(clip["image"]), [])
    overlay = _write_overlay(clip, out)
    print("$ gdkvm", out / "clip.dcm", "-o", out / "clips", "--weights", out / "models" / "model.pt", flush=True)
    write_phantom_clip(out / "clip.dcm", seed=1000, size=(160, 160), overwrite=True)
    segmented = segment(out / "clip.dcm", out / "models" / "model.pt", out / "clips", view="4CH", overwrite=True)

    dice = mean_dice(out / "eval" / "per_frame.csv", "LV")
    print(f"mean LV Dice on held-out phantoms: {dice:.4f} ({time.monotonic() - start:.0f} s)")
    for name in ("models/model.pt", "eval/per_frame.csv", "eval/metrics.json", "eval/learning_curve.png"):
        print(out / name)
    print(overlay)
    print(segmented.folder / "report.html")
    return 0


def run_bundle(
    run_id: str, configs: Sequence[str], bundle_root: Path, dataset_dir: Path, overrides: Sequence[str]
) -> None:
    """Run ``python -m monai.bundle run`` in a process of its own, as a user would."""
    files = str([str(CONFIGS / name) for name in configs])
    command = [sys.executable, "-m", "monai.bundle", "run", run_id, "--config_file", files]
    command += ["--bundle_root", str(bundle_root), "--dataset_dir", str(dataset_dir), *overrides]
    print("$", " ".join(command), flush=True)
    subprocess.run(command, check=True)


def mean_dice(per_frame: Path, structure: str) -> float:
    """Mean Dice of a structure over the frames of a ``per_frame.csv``; what is empty on both sides does not count."""
    with open(per_frame, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["structure"] == structure and row["status"] != "both_empty"]
    return float(np.mean([float(row["dice"]) for row in rows]))


def _testing_clip(data: Path) -> dict:
    items = phantom_datalist(data, "testing", views=["4CH"], generate=False)
    return items[0]


def _write_overlay(clip: dict, out: Path) -> Path:
    """Draw the predicted masks of a clip, the true contours in white, on its frames."""
    name = Path(clip["image"]).name.removesuffix(".nii.gz")
    image = nibabel.load(clip["image"])
    predicted, label = (
        np.asarray(nibabel.load(path).dataobj) for path in (out / "eval" / f"{name}_seg.nii.gz", clip["label"])
    )
    frames = overlay_clip(np.asarray(image.dataobj), predicted, label, image.header.get_zooms()[:2])
    path = out / "eval" / "overlay.gif"
    write_gif(frames, path)
    return path


if __name__ == "__main__":
    sys.exit(main())
