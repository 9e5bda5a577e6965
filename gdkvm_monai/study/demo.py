"""A demo network, trained and evaluated on generated phantoms."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from gdkvm_monai.configs.commands import run_in_process
from gdkvm_monai.data import phantom_datalist
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from gdkvm_monai.evaluation.result_tables import read_ef_table
from gdkvm_monai.metrics.agreement import Agreement, measure_agreement
from gdkvm_monai.visualize.movies import write_gif
from gdkvm_monai.visualize.overlay import overlay_clip

__all__ = ["DemoResult", "ef_agreement", "mean_dice", "run_demo"]

SIZE = (160, 160)
TRAINING = ("train.json", "phantom.yaml", "small_network.yaml")


@dataclass(frozen=True)
class DemoResult:
    """Result of the demo.

    Attributes:
        mean_dice: mean Dice of the left ventricle over the frames of patients that were not in training, by the demo
            network.
        ef: agreement of its ejection fraction with that of the true masks, in the same patients.
        ef_method: method of both ejection fractions.
        seconds: duration of the demo.
        files: the weights, and the files to look at first.
    """

    mean_dice: float
    ef: Agreement
    ef_method: str
    seconds: float
    files: tuple[Path, ...]


def run_demo(out: Path, smallest: bool = False) -> DemoResult:
    """Generate phantoms, train a demo network on them, evaluate it, and draw its masks on a clip.

    Args:
        out: folder for data and results.
        smallest: use the fewest patients and steps that still run every stage.

    Raises:
        subprocess.CalledProcessError: when a run of the bundle fails.
    """
    start, out = time.monotonic(), out.resolve()
    data = out / ("phantom_small" if smallest else "phantom")
    patients = (6, 2, 2) if smallest else (40, 8, 8)
    out.mkdir(parents=True, exist_ok=True)
    write_camus_phantom(data, PhantomSettings(patients, SIZE))
    overrides = [f"--num_patients={list(patients)}"]
    overrides += ["--epochs=1", "--iterations_per_epoch=20"] if smallest else []
    run_in_process("training", TRAINING, out, data, overrides)
    run_in_process("evaluating", [*TRAINING, "evaluate.json"], out, data, [*overrides, "--section=testing"])
    results = out / "eval"
    files = (results / "per_frame.csv", results / "metrics.json", out / "training" / "learning_curve.png")
    return DemoResult(
        mean_dice(results / "per_frame.csv", "LV"),
        *ef_agreement(results),
        time.monotonic() - start,
        (out / "models" / "model.pt", *files, _draw_clip(data, out)),
    )


def mean_dice(per_frame: Path, structure: str) -> float:
    """Return the mean Dice of a structure over the frames of a ``per_frame.csv``, except those empty in both masks."""
    with open(per_frame, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["structure"] == structure and row["status"] != "both_empty"]
    return float(np.mean([float(row["dice"]) for row in rows]))


def ef_agreement(results: Path) -> tuple[Agreement, str]:
    """Return the agreement of the ejection fraction with that of the true masks, and its method: biplane if possible.

    Args:
        results: folder of an evaluation.

    Raises:
        FileNotFoundError: if the evaluation wrote no ``ef_per_patient.csv``.
    """
    table = read_ef_table(results)
    if table is None:
        raise FileNotFoundError(f"{results} has no ef_per_patient.csv; evaluate clips of ED and ES.")
    method = min(table["method"].unique(), key=lambda name: (not name.startswith("biplane"), name))
    rows = table[table["method"] == method]
    return measure_agreement(rows["predicted_ef_percent"], rows["reference_ef_percent"]), method


def _draw_clip(data: Path, out: Path) -> Path:
    """Run the bundle's inference on a clip and draw the masks on its frames, with the true contours in white."""
    item = phantom_datalist(data, "testing", views=["4CH"], generate=False)[0]
    run_in_process("inference", ["inference.json"], out, Path(item["image"]))
    name = Path(item["image"]).name.removesuffix(".nii.gz")
    image = nibabel.load(item["image"])
    predicted, label = (
        np.asarray(nibabel.load(path).dataobj) for path in (out / "inference" / f"{name}_seg.nii.gz", item["label"])
    )
    frames = overlay_clip(np.asarray(image.dataobj), predicted, label, image.header.get_zooms()[:2])
    write_gif(frames, out / "inference" / "overlay.gif")
    return out / "inference" / "overlay.gif"
