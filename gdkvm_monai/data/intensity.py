"""Gray levels of a clip, and which frames can be segmented: one definition for whole clips and streams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.ndimage import label

__all__ = ["FrameFault", "GrayScale", "measure_gray_scale"]

BLACK, WHITE = 0.0, 255.0
LOW, HIGH = 0.1, 99.9  # percentiles that map to black and white
STEPS = 65535  # histogram bins: exact for 16-bit integers, and memory does not grow with the clip


class FrameFault(IntEnum):
    """Why a frame cannot be segmented."""

    NONE = 0
    NOT_FINITE = 1
    CONSTANT = 2


@dataclass(frozen=True)
class GrayScale:
    """The mapping from the values of a clip to gray levels, 0 to 255.

    Attributes:
        low: value that maps to black.
        high: value that maps to white.
        outside: mask ``(H, W)`` of the pixels outside the sector, which have no finite value and become black.

    Raises:
        ValueError: if ``low`` is not below ``high``.

    Example:
        >>> GrayScale(100, 300).apply(np.array([[50.0, 200.0, 300.0]])).tolist()
        [[0.0, 127.5, 255.0]]
    """

    low: float = BLACK
    high: float = WHITE
    outside: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"the gray scale goes from {self.low} to {self.high}; pass the lower value first.")

    @property
    def is_scaled(self) -> bool:
        """Whether gray levels differ from the values in the file."""
        return (self.low, self.high) != (BLACK, WHITE)

    def apply(self, frame: np.ndarray) -> np.ndarray:
        """Return the gray levels of a frame ``(H, W)``, float32; NaN inside the sector stays NaN."""
        values = np.asarray(frame, np.float32)
        if self.is_scaled:
            values = (values.astype(np.float64) - self.low) * (WHITE / (self.high - self.low))
        gray = np.clip(values, BLACK, WHITE).astype(np.float32)
        return gray if self.outside is None else np.where(self.outside, np.float32(BLACK), gray)

    def fault(self, frame: np.ndarray) -> FrameFault:
        """Return whether a frame ``(H, W)`` has a non-finite pixel inside the sector or only a single value."""
        values = np.asarray(frame, np.float32)
        inside = values if self.outside is None else values[~self.outside]
        if not np.isfinite(inside).all():
            return FrameFault.NOT_FINITE
        return FrameFault.NONE if inside.size and inside.min() < inside.max() else FrameFault.CONSTANT


def measure_gray_scale(frames: Iterable[np.ndarray], pixel_type: str = "") -> GrayScale:
    """Measure the gray scale of a clip, one frame at a time.

    Frames of type ``uint8``, and clips whose values are within 0 to 255 and exceed 1, stay unchanged. In all others,
    the 0.1st percentile maps to black and the 99.9th to white. Frames with a fault are ignored.

    Pixels that are non-finite in every frame with content, and connected to the frame's border, are outside the sector.

    Args:
        frames: frames ``(H, W)``, converted to float32; must be iterable twice, each time from the first frame.
        pixel_type: pixel type of the file if ``frames`` have another one: ``"uint8"`` for 8-bit images.
    """
    ranges: list[tuple[int, float, float]] = []  # per frame: number of non-finite pixels, extremes of the others
    unknown: np.ndarray | None = None
    for frame in frames:
        if pixel_type == "uint8" or frame.dtype == np.uint8:
            return GrayScale()
        missing, low, high = _survey(frame)
        ranges.append((int(missing.sum()), low, high))
        if low < high:
            unknown = missing if unknown is None else unknown & missing
    outside = _at_the_border(unknown)
    expected = 0 if outside is None else int(outside.sum())
    valid = [missing == expected and low < high for missing, low, high in ranges]
    low = min((low for (_, low, _), good in zip(ranges, valid) if good), default=BLACK)
    high = max((high for (_, _, high), good in zip(ranges, valid) if good), default=WHITE)
    if low >= BLACK and 1 < high <= WHITE:
        return GrayScale(outside=outside)
    good_frames = (frame for frame, good in zip(frames, valid) if good)
    return GrayScale(*_percentiles(good_frames, low, high), outside)


def _survey(frame: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return the mask of non-finite pixels and the extremes of the others."""
    values = np.asarray(frame, np.float32)
    finite = np.isfinite(values)
    known = values[finite]
    return ~finite, float(known.min(initial=np.inf)), float(known.max(initial=-np.inf))


def _at_the_border(unknown: np.ndarray | None) -> np.ndarray | None:
    """Return the part of a mask that is connected to the frame's border; ``None`` if there is none."""
    if unknown is None or not unknown.any():
        return None
    parts, _ = label(unknown)
    border = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    outside = np.isin(parts, border[border > 0])
    return outside if outside.any() else None


def _percentiles(frames: Iterable[np.ndarray], low: float, high: float) -> tuple[float, float]:
    """Return the percentiles ``LOW`` and ``HIGH`` of the finite values, or the extremes if the two coincide."""
    counts, step = np.zeros(STEPS + 1), (high - low) / STEPS
    for frame in frames:
        values = np.asarray(frame, np.float32)
        places = (values[np.isfinite(values)].astype(np.float64) - low) / step
        counts += np.bincount(np.rint(places).astype(np.int64), minlength=STEPS + 1)
    ranks = np.cumsum(counts)
    found = []
    for percent in (LOW, HIGH):
        position = (ranks[-1] - 1) * (percent / 100)
        below = np.floor(position)
        places = np.searchsorted(ranks, (below, min(below + 1, ranks[-1] - 1)), side="right")
        found.append(low + step * float(places[0] + (places[1] - places[0]) * (position - below)))
    return (found[0], found[1]) if found[0] < found[1] else (low, high)
