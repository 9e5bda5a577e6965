"""Pictures of a good, the median, and the worst case of an evaluation with ``--save_masks true``.

    python benchmarks/camus_cases.py --dataset_dir /path/to/CAMUS --results runs/GDKVM/eval --out cases.png [--contours]

``--contours`` omits the ultrasound, because CAMUS images may not be redistributed under this project's license.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import nibabel
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gdkvm_monai.data import ClipReader, MaskLayout, camus_datalist
from gdkvm_monai.visualize.overlay import overlay_clip


def main() -> None:
    """Select three cases by mean LV Dice and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset_dir", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--contours", action="store_true")
    options = parser.parse_args()
    dice = defaultdict(list)
    with open(options.results / "per_frame.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["structure"] == "LV":
                dice[row["patient"]].append(float(row["dice"]))
    ranked = sorted(dice, key=lambda patient: np.mean(dice[patient]))
    cases = {"good": ranked[int(0.9 * len(ranked))], "median": ranked[len(ranked) // 2], "worst": ranked[0]}
    items = {item["patient"]: item for item in camus_datalist(options.dataset_dir, "validation", "4CH", "stills", None)}
    layout = MaskLayout(options.results / "masks", options.dataset_dir)
    figure = Figure(figsize=(7, 10), layout="constrained")
    FigureCanvasAgg(figure)
    for row, (name, patient) in zip(figure.subplots(3, 2), cases.items()):
        pictures = draw(items[patient], layout, options.contours)
        for axes, picture, phase, value in zip(row, pictures, ("ED", "ES"), dice[patient]):
            axes.imshow(picture)
            axes.set_title(f"{name}, {phase}: LV Dice {value:.3f}")
            axes.axis("off")
    figure.savefig(options.out, dpi=90)


def draw(item: dict, layout: MaskLayout, contours: bool) -> np.ndarray:
    """Draw predicted areas in color and expert contours in white; return ``(T, rows, columns, 3)``."""
    reader = ClipReader()
    image, label = (reader.read(item[key]) for key in ("image", "label"))
    predicted = np.asarray(nibabel.load(layout.path(item["image"][0])).dataobj)
    pixels = np.zeros_like(image.pixels) if contours else image.pixels
    spacing_mm = tuple(np.abs(np.diag(image.affine)[:2]))
    return overlay_clip(pixels, predicted, label.pixels, spacing_mm, height=480)


if __name__ == "__main__":
    main()
