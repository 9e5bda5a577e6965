"""The picture of the README: a beat of the clip of its first commands, with their masks and the true contours.

    python benchmarks/readme_picture.py

Runs the first two ``gdkvm`` commands of README.md as they stand there in a temporary folder, and draws the first beat
that the result has: predicted areas in color, true contours in white. Prints what the commands print and the true
ejection fraction, so that the README's lines can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import tempfile
from pathlib import Path

import nibabel
import numpy as np

from gdkvm_monai.cli.main import main as gdkvm
from gdkvm_monai.data import open_clip
from gdkvm_monai.visualize.movies import write_gif
from gdkvm_monai.visualize.overlay import overlay_clip

ROOT = Path(__file__).resolve().parents[1]
LARGEST_RATE_HZ = 12.5
"""Largest frame rate of the picture, which keeps its file small."""


def main() -> None:
    """Run the commands, draw the beat, and print the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "phantom_beat.gif")
    parser.add_argument("--height", type=int, default=240, help="rows of the picture")
    options = parser.parse_args()
    out = options.out.resolve()
    phantom, segment = first_commands((ROOT / "README.md").read_text())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for words in (phantom, segment, [*phantom, "--format", "nifti", "--overwrite"]):
            if gdkvm(words) != 0:
                raise SystemExit(f"gdkvm {shlex.join(words)} failed.")
        truth = json.loads(Path(phantom[1], "truth.json").read_text())["clips"]
        (truth,) = [entry for name, entry in truth.items() if Path(name).stem == Path(segment[0]).stem]
        results = Path(segment[segment.index("-o") + 1])
        frames, rate_hz = draw_beat(Path(segment[0]), results, truth, options.height)
    write_gif(frames, out, rate_hz)
    print(f"true EF {truth['ef_percent']:.0f} %")
    print(f"{out}: {len(frames)} frames, {out.stat().st_size / 1e3:.0f} kB")


def first_commands(readme: str) -> tuple[list[str], list[str]]:
    """Return the words after ``gdkvm`` of the README's first two such commands: a phantom, and its segmentation."""
    lines = [shlex.split(line)[1:] for line in readme.splitlines() if line.startswith("gdkvm ")]
    return lines[0], lines[1]


def draw_beat(clip: Path, results: Path, truth: dict, height: int) -> tuple[np.ndarray, float]:
    """Draw the first beat of a segmented phantom.

    Args:
        clip: written phantom clip; its label is in the NIfTI files of the same phantom.
        results: results folder with this clip only.
        truth: entry of the clip in ``truth.json``.
        height: rows of the pictures.

    Returns:
        Pictures ``(T, rows, columns, 3)``, of every n-th frame, and their rate, so that the beat takes its own time.
    """
    (folder,) = [path.parent for path in results.glob("*/measurements.json")]
    beats = json.loads((folder / "measurements.json").read_text())["beats"]
    step = max(1, round(truth["frame_rate_hz"] / LARGEST_RATE_HZ))
    beat = slice(beats[0]["ed_frame"], beats[1]["ed_frame"] if len(beats) > 1 else None, step)
    label = clip.parents[1] / "nifti" / f"{clip.stem}_label.nii.gz"
    predicted, true = (np.asarray(nibabel.load(path).dataobj)[..., beat] for path in (folder / "mask.nii.gz", label))
    with open_clip(clip) as stream:
        pixels = stream.collect().pixels[..., beat]
    return overlay_clip(pixels, predicted, true, truth["spacing_mm"], height), truth["frame_rate_hz"] / step


if __name__ == "__main__":
    main()
