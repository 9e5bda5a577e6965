"""Gray levels of clips that are not 8-bit pictures, found without the clip in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gdkvm_monai.data.intensity import HIGH, LOW, percentiles

__all__ = ["gray_frames"]

LEVELS = 65535  # steps in which other values are counted


def gray_frames(frames: Iterable[np.ndarray], meta: dict) -> Iterator[np.ndarray]:
    """Give frames as gray levels, 0 to 255, as the network expects them.

    8-bit frames, and others whose values lie between 0 and 255 and exceed 1, are given as they are. The rest is scaled:
    the 0.1st percentile of the clip becomes 0, the 99.9th 255. Values that are not finite stay what they are.

    Args:
        frames: can be iterated several times, each time from the first frame on, ``(H, W)``.
        meta: receives ``intensity_low`` and ``intensity_high``, the values that become 0 and 255, where it scales.

    Yields:
        Frames of type ``uint8``, or ``float32`` where they were of another type.
    """
    low, high = _extremes(frames)
    if not (low >= 0 and 1 < high <= 255) and high > low:
        start, step = low, (high - low) / LEVELS
        counted = (np.rint((frame[np.isfinite(frame)] - start) / step).astype(np.uint16) for frame in _doubles(frames))
        low, high = (start + step * percentile for percentile in percentiles(counted, (LOW, HIGH)))
        meta.update(intensity_low=low, intensity_high=high)
        for frame in _doubles(frames):
            scaled = np.clip((frame - low) * (255 / (high - low)), 0, 255) if high > low else frame * 0
            yield np.where(np.isfinite(frame), scaled, frame).astype(np.float32)
        return
    for frame in frames:
        yield frame if frame.dtype == np.uint8 else frame.astype(np.float32)


def _extremes(frames: Iterable[np.ndarray]) -> tuple[float, float]:
    """Smallest and largest finite value; those of 8-bit pictures need no reading."""
    low, high = np.inf, -np.inf
    for frame in frames:
        if frame.dtype == np.uint8:
            return 0, 255
        finite = frame[np.isfinite(frame)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return low, high


def _doubles(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    return (frame.astype(np.float64) for frame in frames)
