"""The physical grid of a clip: millimeters in-plane and the time between frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdkvm_monai.data.clip import ClipMeta

__all__ = [
    "REGION",
    "field_trust",
    "frame_time_meta",
    "picture_affine",
    "plausible_frame_time",
    "region_slices",
    "spacing_meta",
]

PLAUSIBLE_MS = (1, 500)
"""Time between the frames of an echo; 1 s, the default of many writers, is no time axis."""

PLAUSIBLE_DEPTH_MM, PLAUSIBLE_WIDTH = (10, 400), (0.4, 2)
"""Depth of an ultrasound picture, and its width as a share of the depth, 0.9 to 1.7 in CAMUS and in public clips."""

REGION = "region"
"""Metadata key of the tissue region, if the file states one: first column, first row, end column, end row."""


def picture_affine(spacing_mm: Sequence[float] = (1, 1), frame_time_s: float = 1) -> np.ndarray:
    """Affine ``(4, 4)`` of an upright picture whose first axis points right and second axis down, as in CAMUS.

    Args:
        spacing_mm: lateral and axial.
        frame_time_s: along the last axis; 1 if unknown.
    """
    return np.diag([-spacing_mm[0], -spacing_mm[1], frame_time_s, 1.0]).astype(float)


def spacing_meta(affine: np.ndarray, shape: Sequence[int]) -> ClipMeta:
    """Return ``spacing_trust`` and ``partial`` of a complete clip whose file states its spacing in millimeters.

    Args:
        affine: ``(4, 4)``. A spacing of 1 x 1 counts as absent: it is what formats store if none is known.
        shape: ``(H, W)`` of the picture: lateral, depth.
    """
    spacing_mm = np.linalg.norm(affine[:3, :2], axis=0)
    known = np.isfinite(spacing_mm).all() and (spacing_mm > 0).all() and not (spacing_mm == 1).all()
    return {"spacing_trust": field_trust(*(spacing_mm * shape[:2])) if known else "absent", "partial": False}


def field_trust(width_mm: float, depth_mm: float) -> str:
    """Return the trust in a stated spacing: ``ok``, or ``conflict`` if no echo shows a field of this size.

    A field is 10 to 400 mm deep and 0.4 to 2 times as wide as it is deep.

    Args:
        width_mm: width of the picture or of its tissue region.
        depth_mm: depth of the same.

    Example:
        >>> field_trust(180, 150), field_trust(1800, 1500)  # millimeters that were stated as centimeters
        ('ok', 'conflict')
        >>> field_trust(1800, 150)  # only the lateral spacing is wrong
        'conflict'
    """
    plausible = _within(depth_mm, PLAUSIBLE_DEPTH_MM) and _within(width_mm / depth_mm, PLAUSIBLE_WIDTH)
    return "ok" if plausible else "conflict"


def plausible_frame_time(frame_time_ms: float) -> bool:
    """Whether a time between frames is plausible: 1 to 500 ms."""
    return _within(frame_time_ms, PLAUSIBLE_MS)


def frame_time_meta(frame_time_ms: float, source: str) -> ClipMeta:
    """Return ``frame_time_ms`` and ``frame_time_source``, only the latter if the stated time is not plausible.

    Args:
        frame_time_ms: stated time between frames; 0, a negative number, and NaN state none.
        source: what states it.

    Example:
        >>> frame_time_meta(20, "NIfTI"), frame_time_meta(1000, "NIfTI"), frame_time_meta(0, "NIfTI")
        ({'frame_time_ms': 20, 'frame_time_source': 'NIfTI'}, {'frame_time_source': 'NIfTI'}, {})
    """
    if plausible_frame_time(frame_time_ms):
        return {"frame_time_ms": frame_time_ms, "frame_time_source": source}
    return {"frame_time_source": source} if frame_time_ms > 0 else {}


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


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
