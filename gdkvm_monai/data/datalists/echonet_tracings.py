"""Tracings of EchoNet-Dynamic: lines across the left ventricle, their outline, and the mask that they enclose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from skimage.draw import polygon

__all__ = ["SIDE", "Tracing", "draw_tracing", "read_tracings", "read_table", "video_name"]

SIDE = 112
"""Rows and columns of the videos, to whose pixels the tracings refer."""

ENDS = ["X1", "Y1", "X2", "Y2"]
FEWEST_LINES = 3
"""The long axis and two chords, which enclose an area."""


@dataclass(frozen=True)
class Tracing:
    """The tracing of one frame.

    Attributes:
        frame: 0-based.
        lines: ``(n, 4)``: x and y of both ends in pixels (x lateral, y depth), the long axis first, then the chords.
    """

    frame: int
    lines: np.ndarray

    @property
    def outline(self) -> np.ndarray:
        """Corners ``(2 (n - 1), 2)``: x and y of the first ends of the chords, then of the second ends back."""
        chords = self.lines[1:]
        return np.concatenate([chords[:, :2], chords[::-1, 2:]])

    @property
    def area(self) -> float:
        """Area of the outline in square pixels; 0 if it has fewer than two chords."""
        if len(self.lines) < FEWEST_LINES:
            return 0.0
        x, y = self.outline.T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def draw_tracing(lines: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Draw the mask of a tracing as the data set's own code does.

    The ends of the chords are rounded to pixels and filled by ``skimage.draw.polygon``; the long axis is not part of
    the outline. Corners beyond the frame are cut off at its border.

    Args:
        lines: see :attr:`Tracing.lines`.
        shape: columns and rows of the frame.

    Returns:
        Boolean mask ``(columns, rows)``: lateral, depth, as clips are loaded.

    References:
        Ouyang et al., "Video-based AI for beat-to-beat assessment of cardiac function", Nature 580, 2020,
        doi:10.1038/s41586-020-2145-8.
    """
    x, y = np.rint(Tracing(0, np.asarray(lines, float)).outline).astype(int).T
    mask = np.zeros(shape, bool)
    mask[polygon(x, y, shape)] = True
    return mask


def read_tracings(path: Path) -> Mapping[str, list[Tracing]]:
    """Read ``VolumeTracings.csv``: the tracings of each video, in the order of the file.

    Raises:
        ValueError: if a column is missing or a value is not a number.
    """
    table = read_table(path, ["FileName", *ENDS, "Frame"], numeric=[*ENDS, "Frame"])
    tracings: dict[str, list[Tracing]] = {}
    for (name, frame), rows in table.groupby(["FileName", "Frame"], sort=False):
        tracings.setdefault(str(name), []).append(Tracing(int(frame), rows[ENDS].to_numpy(float)))
    return tracings


def read_table(path: Path, columns: list[str], numeric: list[str]) -> pd.DataFrame:
    """Read a table of the data set with the names of videos without ``.avi``.

    Raises:
        ValueError: if a column is missing or a value is not a number.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(f"{path} has no column {missing[0]}, expected {', '.join(columns)}; download it again.")
    for name in numeric:
        values = pd.to_numeric(table[name], errors="coerce")
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            raise ValueError(
                f"{path}, line {wrong[0] + 2}: {name} is {table[name].iloc[wrong[0]]!r}, expected a number; correct it."
            )
        table[name] = values
    table["FileName"] = table["FileName"].map(video_name)
    return table


def video_name(name: str) -> str:
    """Return the name of a video without ``.avi``, which one table has and the other lacks.

    Example:
        >>> video_name("0X1.avi"), video_name("0X1")
        ('0X1', '0X1')
    """
    name = name.strip()
    return name[:-4] if name.lower().endswith(".avi") else name
