"""The physical grid of a clip: millimeters in-plane and the time between frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["picture_affine", "plausible_frame_time", "spacing_meta"]

PLAUSIBLE_MS = (1, 1000)


def picture_affine(spacing_mm: Sequence[float] = (1, 1), frame_time_s: float = 1, corner=(0, 0)) -> np.ndarray:
    """Affine ``(4, 4)`` of an upright picture whose first axis points right and whose second points down, as CAMUS's.

    Args:
        spacing_mm: lateral and in depth.
        frame_time_s: along the last axis, one where it is unknown.
        corner: position of the first pixel in the full picture, in pixels.
    """
    affine = np.diag([-spacing_mm[0], -spacing_mm[1], frame_time_s, 1.0]).astype(float)
    affine[:2, 3] = -spacing_mm[0] * corner[0], -spacing_mm[1] * corner[1]
    return affine


def spacing_meta(affine: np.ndarray) -> dict:
    """``spacing_trust`` and ``partial`` of a whole clip whose file states its spacing in millimeters.

    Args:
        affine: ``(4, 4)``. Spacing of 1 x 1 counts as absent: formats write it where none is known.
    """
    spacing_mm = np.linalg.norm(affine[:3, :2], axis=0)
    known = np.isfinite(spacing_mm).all() and (spacing_mm > 0).all() and not (spacing_mm == 1).all()
    return {"spacing_trust": "ok" if known else "absent", "partial": False}


def plausible_frame_time(frame_time_ms: float) -> bool:
    """Whether frames can be that far apart: 1 ms to 1 s."""
    return PLAUSIBLE_MS[0] <= frame_time_ms <= PLAUSIBLE_MS[1]
