"""How the frames of a video are shown: turned or mirrored, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipMeta

__all__ = ["AS_STORED", "apply_matrix", "display_matrix", "frame_times"]

UNEVEN_MS = 1.5
"""Difference of a step from the mean step above which frames are uneven; Matroska rounds times to 1 ms."""
RATE_TOLERANCE = 0.01

AS_STORED = (1.0, 0.0, 0.0, 1.0)
"""Display matrix ``a, b, c, d`` that changes nothing."""


def display_matrix(frame: Any) -> tuple[float, ...]:
    """Return ``a, b, c, d`` of the display matrix, which a phone writes instead of turning the picture.

    Ask one frame of a video only: PyAV's side data refer to their frame and it to them, so that each frame that is
    asked stays in memory until the garbage is collected.

    Args:
        frame: decoded frame of PyAV.
    """
    matrix = next((np.frombuffer(bytes(data), "<i4") for data in frame.side_data if _is_matrix(data)), None)
    return AS_STORED if matrix is None else tuple(float(matrix[index]) for index in (0, 1, 3, 4))


def apply_matrix(picture: np.ndarray, a: float, b: float, c: float, d: float) -> np.ndarray:
    """Show a picture at ``x' = a x + c y``, ``y' = b x + d y`` (ISO/IEC 14496-12, 6.2.2), without its translation.

    Raises:
        ValueError: if the matrix neither turns by quarters nor mirrors.

    Example:
        >>> apply_matrix(np.array([[1, 2], [3, 4]]), 0, 1, -1, 0).tolist()  # a quarter turn clockwise
        [[3, 1], [4, 2]]
    """
    if b == c == 0 and a and d:
        return picture[:: _sign(d), :: _sign(a)]
    if a == d == 0 and b and c:
        return picture.T[:: _sign(b), :: _sign(c)]
    raise ValueError("the display matrix is no quarter turn")


def frame_times(onsets_ms: Sequence[float], rate_hz: float | None) -> ClipMeta:
    """Return times from the presentation times of all frames or, without them, from the average rate.

    Args:
        onsets_ms: presentation times in order of presentation; empty if some are unknown.
        rate_hz: average rate of the container, if it states one.
    """
    steps = np.diff(onsets_ms)
    if len(steps) == 0 or steps.min() <= 0:
        return {} if not rate_hz else _times(1000 / rate_hz)
    mean_ms = float(steps.mean())
    if np.abs(steps - mean_ms).max() > UNEVEN_MS:
        onsets = " ".join(f"{onset - onsets_ms[0]:.10g}" for onset in onsets_ms)
        return {**_times(mean_ms), "frame_times_ms": onsets}
    exact = rate_hz and abs(rate_hz * mean_ms / 1000 - 1) < RATE_TOLERANCE
    return _times(1000 / rate_hz if exact else mean_ms)


def _times(frame_time_ms: float) -> ClipMeta:
    return {"fps": 1000 / frame_time_ms, "frame_time_ms": frame_time_ms, "frame_time_source": "container"}


def _is_matrix(data: Any) -> bool:
    return data.type.name == "DISPLAYMATRIX"


def _sign(value: float) -> int:
    return 1 if value > 0 else -1
