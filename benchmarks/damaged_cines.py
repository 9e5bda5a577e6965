"""The area of the left ventricle in real cines, clip by clip, for ``damaged_clips.py``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from benchmarks.damaged_networks import Subject
from benchmarks.damaged_scores import roughness
from gdkvm_monai.labels import LV
from gdkvm_monai.transforms import LoadImageClipd

__all__ = ["cine_table"]


def cine_table(files: Sequence[Path], subjects: Sequence[Subject]) -> str:
    """Return a Markdown table with a row for each cine and a column for each network.

    A cell has the roughness of the area over the area's own range, and the number of frames without a ventricle.
    """
    names = [subject.name for subject in subjects]
    lines = ["**Real cines: roughness of the area of the left ventricle over its own range (frames without one)**", ""]
    lines += [f"| cine | frames | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for file in files:
        areas = [area(file, subject) for subject in subjects]
        cells = [f"{roughness(one, np.ptp(one)):.3f} ({(one == 0).sum()})" for one in areas]
        lines.append(f"| {file.name} | {len(areas[0])} | {' | '.join(cells)} |")
    return "\n".join(lines)


def area(file: Path, subject: Subject) -> np.ndarray:
    """Return the pixels of the ventricle in each frame, on the grid of the network, ``(T,)``."""
    image: Tensor = subject.pipeline.preprocessing(LoadImageClipd("image")({"image": str(file)}))["image"]
    masks, _ = subject.segment(image[None].float())
    return (masks[0] == LV).sum(dim=(0, 1)).numpy()
