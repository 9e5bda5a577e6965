"""How the frames of a video are shown: turned, mirrored, or stretched, and when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipMeta
from gdkvm_monai.data.geometry import frame_time_meta, plausible_frame_time

__all__ = ["AS_STORED", "DisplayError", "apply_matrix", "display_matrix", "frame_times", "pixel_aspect", "square_size"]

UNEVEN_MS = 1.5
"""Difference of a step from the mean step above which frames are uneven; Matroska rounds times to 1 ms."""
RATE_TOLERANCE = 0.01
WIDEST_PIXEL, ASPECT_TOLERANCE = 4, 0.01
FIXED_POINT = 1 << 16  # of the numbers in a display matrix

AS_STORED = (1.0, 0.0, 0.0, 1.0)
"""Display matrix ``a, b, c, d`` that changes nothing."""


class DisplayError(ValueError):
    """A video states how to show its pictures, and they are not upright with square pixels then."""


def display_matrix(frame: Any) -> tuple[float, ...]:
    """Return ``a, b, c, d`` of the display matrix, which a phone writes instead of turning the picture.

    Ask one frame of a video only: PyAV's side data refer to their frame and it to them, so that each frame that is
    asked stays in memory until the garbage is collected.

    Args:
        frame: decoded frame of PyAV.

    Raises:
        DisplayError: if the matrix neither turns by quarters nor mirrors.
    """
    matrix = next((np.frombuffer(bytes(data), "<i4") for data in frame.side_data if _is_matrix(data)), None)
    if matrix is None:
        return AS_STORED
    a, b, c, d = (float(matrix[index]) / FIXED_POINT for index in (0, 1, 3, 4))
    if not (a and d and b == c == 0 or b and c and a == d == 0):
        raise DisplayError(
            f"has the display matrix {a:.3g} {b:.3g} {c:.3g} {d:.3g}, expected one that turns by quarters or mirrors; "
            "export it upright"
        )
    return a, b, c, d


def apply_matrix(picture: np.ndarray, a: float, b: float, c: float, d: float) -> np.ndarray:
    """Show a picture at ``x' = a x + c y``, ``y' = b x + d y`` (ISO/IEC 14496-12, 6.2.2), without its translation.

    Args:
        picture: ``(rows, columns)``.
        a: and ``b``, ``c``, ``d``, see :func:`display_matrix`.

    Example:
        >>> apply_matrix(np.array([[1, 2], [3, 4]]), 0, 1, -1, 0).tolist()  # a quarter turn clockwise
        [[3, 1], [4, 2]]
    """
    if b == c == 0:
        return picture[:: _sign(d), :: _sign(a)]
    return picture.T[:: _sign(b), :: _sign(c)]


def pixel_aspect(matrix: Sequence[float], stated: float) -> float:
    """Return the width of a stored pixel divided by its height.

    A display matrix that stretches decides: whether FFmpeg's ratio includes it depends on what else the file states.

    Args:
        matrix: ``a, b, c, d`` of the display matrix.
        stated: ratio according to FFmpeg.

    Example:
        >>> pixel_aspect((0, 2, -1, 0), 1), pixel_aspect((0, 1, -1, 0), 1.5)
        (2.0, 1.5)
    """
    a, b, c, d = matrix
    stretch = math.hypot(a, b) / math.hypot(c, d)
    return stated if abs(stretch - 1) < ASPECT_TOLERANCE else stretch


def square_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Return the width and height of a picture with square pixels; one of them grows if they were not square.

    Args:
        width: number of stored columns.
        height: number of stored rows.
        aspect: width of a pixel divided by its height.

    Raises:
        DisplayError: if pixels are more than four times as wide as high, or as high as wide.

    Example:
        >>> square_size(720, 576, 16 / 15), square_size(720, 480, 8 / 9), square_size(640, 480, 1)
        ((768, 576), (720, 540), (640, 480))
    """
    if not 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL:
        raise DisplayError(
            f"has pixels {aspect:.3g} times as wide as high, expected at most {WIDEST_PIXEL} times; export it with "
            "square pixels"
        )
    if abs(aspect - 1) < ASPECT_TOLERANCE:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


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
    if plausible_frame_time(mean_ms) and np.abs(steps - mean_ms).max() > UNEVEN_MS:
        onsets = " ".join(f"{onset - onsets_ms[0]:.10g}" for onset in onsets_ms)
        return {**_times(mean_ms), "frame_times_ms": onsets}
    exact = rate_hz and abs(rate_hz * mean_ms / 1000 - 1) < RATE_TOLERANCE
    return _times(1000 / rate_hz if exact else mean_ms)


def _times(frame_time_ms: float) -> ClipMeta:
    meta = frame_time_meta(frame_time_ms, "container")
    return {"fps": 1000 / frame_time_ms, **meta} if "frame_time_ms" in meta else meta


def _is_matrix(data: Any) -> bool:
    return data.type.name == "DISPLAYMATRIX"


def _sign(value: float) -> int:
    return 1 if value > 0 else -1
