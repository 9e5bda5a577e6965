"""Pictures of more than 8 bits become 8-bit gray over the whole clip, without the clip in memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing

import numpy as np

__all__ = ["eight_bit_frames", "percentiles"]

LOW, HIGH = 0.1, 99.9  # percentiles that become 0 and 255


def eight_bit_frames(read: Callable[[], Generator[np.ndarray]], meta: dict) -> Iterator[np.ndarray]:
    """Scale frames of more than 8 bits: the clip's 0.1st percentile becomes 0 and its 99.9th 255.

    Such frames are read twice, first for the percentiles. Frames of 8 bits are given as they are.

    Args:
        read: yields the frames from the first on, all of one type.
        meta: receives the two values as ``intensity_low`` and ``intensity_high``.

    Yields:
        Frames of type ``uint8``; those of a constant clip are 0.
    """
    with closing(read()) as frames:
        first = next(frames)
        if first.dtype == np.uint8:
            yield first
            yield from frames
            return
    with closing(read()) as frames:
        low, high = percentiles(frames, (LOW, HIGH))
    meta.update(intensity_low=low, intensity_high=high)
    with closing(read()) as frames:
        for frame in frames:
            scaled = (frame.astype(np.float32) - low) * (255 / (high - low) if high > low else 0)
            yield np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def percentiles(frames: Iterable[np.ndarray], percents: Iterable[float]) -> list[float]:
    """Percentiles of all frames together, exactly those of ``np.percentile``, from a histogram of their values.

    Example:
        >>> frames = np.arange(12, dtype=np.uint16).reshape(3, 4) ** 2
        >>> percentiles(frames, (0.1, 99.9)) == np.percentile(frames, (0.1, 99.9)).tolist()
        True
    """
    values, counts = np.empty(0, dtype=np.uint8), np.empty(0)
    for frame in frames:
        found, times = np.unique(frame, return_counts=True)
        values, places = np.unique(np.concatenate([values, found]), return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, times]))
    ranks = np.cumsum(counts)
    results = []
    for percent in percents:
        position = (ranks[-1] - 1) * (percent / 100)
        below = np.floor(position)
        neighbors = values[np.searchsorted(ranks, (below, min(below + 1, ranks[-1] - 1)), side="right")]
        results.append(float(np.quantile(neighbors, position - below)))  # of two values: between them by this part
    return results
