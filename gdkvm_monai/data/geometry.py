"""The physical grid of a clip: millimeters in-plane and the time between frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdkvm_monai.data.clip import ClipMeta

__all__ = ["REGION", "depth_trust", "picture_affine", "plausible_frame_time", "region_slices", "spacing_meta"]

PLAUSIBLE_MS = (1, 1000)
PLAUSIBLE_DEPTH_MM = (10, 400)  # of an ultrasound picture
REGION = "region"
"""Metadata key of the tissue region, if the file states one: first column, first row, end column, end row."""


def picture_affine(spacing_mm: Sequence[float] = (1, 1), frame_time_s: float = 1) -> np.ndarray:
    """Affine ``(4, 4)`` of an upright picture whose first axis points right and second axis down, as in CAMUS.

    Args:
        spacing_mm: lateral and axial.
        frame_time_s: along the last axis; 1 if unknown.
    """
    return np.diag([-spacing_mm[0], -spacing_mm[1], frame_time_s, 1.0]).astype(float)


def spacing_meta(affine: np.ndarray, depth_px: int) -> ClipMeta:
    """Return ``spacing_trust`` and ``partial`` of a complete clip whose file states its spacing in millimeters.

    Args:
        affine: ``(4, 4)``. A spacing of 1 x 1 counts as absent: it is what formats store if none is known.
        depth_px: number of rows.
    """
    spacing_mm = np.linalg.norm(affine[:3, :2], axis=0)
    known = np.isfinite(spacing_mm).all() and (spacing_mm > 0).all() and not (spacing_mm == 1).all()
    return {"spacing_trust": depth_trust(depth_px * spacing_mm[1]) if known else "absent", "partial": False}


def depth_trust(depth_mm: float) -> str:
    """Return the trust in a stated spacing: ``ok``, or ``conflict`` if the picture would not be 10 to 400 mm deep.

    Example:
        >>> depth_trust(150), depth_trust(1500)  # millimeters that were stated as centimeters
        ('ok', 'conflict')
    """
    return "ok" if PLAUSIBLE_DEPTH_MM[0] <= depth_mm <= PLAUSIBLE_DEPTH_MM[1] else "conflict"


def plausible_frame_time(frame_time_ms: float) -> bool:
    """Whether a time between frames is plausible: 1 ms to 1 s."""
    return PLAUSIBLE_MS[0] <= frame_time_ms <= PLAUSIBLE_MS[1]


def region_slices(region: Sequence[int] | None, shape: Sequence[int]) -> tuple[slice, slice]:
    """Slices of a region in a picture of ``shape`` ``(H, W)``; of the whole picture if there is none.

    Raises:
        ValueError: if the region is empty or does not lie in the picture.

    Example:
        >>> region_slices((2, 0, 6, 5), (8, 5))
        (slice(2, 6, None), slice(0, 5, None))
    """
    x0, y0, x1, y1 = (0, 0, *shape) if region is None else (int(value) for value in region)
    if not (0 <= x0 < x1 <= shape[0] and 0 <= y0 < y1 <= shape[1]):
        raise ValueError(f"the region {tuple(region)} is not inside an image of {tuple(shape)}; correct it.")
    return slice(x0, x1), slice(y0, y1)
