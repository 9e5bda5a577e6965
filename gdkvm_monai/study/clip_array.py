"""Checks of an array that is passed as a clip, before it is segmented."""

from __future__ import annotations

import numpy as np

__all__ = ["check_clip_array"]


def check_clip_array(clip: object, force: bool = False) -> None:
    """Refuse an object that is not a clip of gray levels ``(H, W, T)``.

    Args:
        clip: object to check.
        force: accept more frames than columns.

    Raises:
        TypeError: if it is not a NumPy array.
        ValueError: if its time axis is longer than the image is wide, as in ``(T, H, W)``, or if no value exceeds 1.

    Example:
        >>> check_clip_array(np.full((112, 112, 30), 0.5))
        Traceback (most recent call last):
        ValueError: the array's values reach 0.5, expected gray levels from 0 to 255; multiply it by 255.
    """
    if not isinstance(clip, np.ndarray):
        kind = f"{type(clip).__module__}.{type(clip).__qualname__}"
        advice = "give tensor.cpu().numpy()" if hasattr(clip, "numpy") else "give a path or numpy.asarray(clip)"
        raise TypeError(f"the clip is a {kind}, expected a path or a NumPy array (H, W, T); {advice}.")
    if clip.ndim != 3 or clip.dtype.kind not in "buif":
        return  # open_clip refuses it
    columns, rows, frames = clip.shape
    if frames > columns and not force:
        raise ValueError(
            f"the array has shape {clip.shape}, which is {frames} frames of {columns} x {rows} pixels (H, W, T); if it "
            "is (T, H, W), pass numpy.moveaxis(clip, 0, -1); if it is correct, set force."
        )
    largest = _largest(clip) if clip.dtype.kind in "bf" else 0
    if 0 < largest <= 1:
        raise ValueError(
            f"the array's values reach {largest:g}, expected gray levels from 0 to 255; multiply it by 255."
        )


def _largest(clip: np.ndarray) -> float:
    """Return the largest finite absolute value."""
    frames = np.moveaxis(clip, -1, 0)
    return max((float(np.abs(frame[np.isfinite(frame)]).max(initial=0)) for frame in frames), default=0)
