"""Checks of an array that is passed as a clip, before it is segmented."""

from __future__ import annotations

import numpy as np

__all__ = ["check_clip_array"]


def check_clip_array(clip: object, force: bool = False) -> None:
    """Refuse an object that is not a clip of gray levels ``(H, W, T)``.

    Args:
        clip: object to check.
        force: accept axes that look like ``(T, H, W)``.

    Raises:
        TypeError: if it is not a NumPy array.
        ValueError: if its axes look like ``(T, H, W)``: the last is longer than the first, or only the last two are
            equal; or if it is boolean, or its values lie between -1 and 1.

    Example:
        >>> check_clip_array(np.linspace(0, 0.5, 112 * 112 * 30).reshape(112, 112, 30))
        Traceback (most recent call last):
        ValueError: the array's values are 0 to 0.5, expected gray levels from 0 to 255; multiply it by 255.
    """
    if not isinstance(clip, np.ndarray):
        kind = f"{type(clip).__module__}.{type(clip).__qualname__}"
        advice = "give tensor.cpu().numpy()" if hasattr(clip, "numpy") else "give a path or numpy.asarray(clip)"
        raise TypeError(f"the clip is a {kind}, expected a path or a NumPy array (H, W, T); {advice}.")
    if clip.ndim != 3 or clip.dtype.kind not in "buif":
        return  # open_clip refuses it
    columns, rows, frames = clip.shape
    if (frames > columns or columns != rows == frames) and not force:
        raise ValueError(
            f"the array has shape {clip.shape}, which is {frames} frames of {columns} x {rows} pixels (H, W, T); if it "
            "is (T, H, W), pass numpy.moveaxis(clip, 0, -1); if it is correct, set force."
        )
    if clip.dtype.kind == "b":
        raise ValueError("the array is a mask of booleans, expected gray levels from 0 to 255; pass the images.")
    low, high = _range(clip) if clip.dtype.kind == "f" else (0.0, 0.0)
    if -1 <= low < high <= 1:
        scale = "multiply it by 255" if low >= 0 else f"pass (clip - {low:g}) * {255 / (high - low):g}"
        raise ValueError(f"the array's values are {low:g} to {high:g}, expected gray levels from 0 to 255; {scale}.")


def _range(clip: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest finite value; zeros if there is none."""
    frames = [frame[np.isfinite(frame)] for frame in np.moveaxis(clip, -1, 0)]
    ranges = [(float(frame.min()), float(frame.max())) for frame in frames if frame.size]
    return min((low for low, _ in ranges), default=0.0), max((high for _, high in ranges), default=0.0)
