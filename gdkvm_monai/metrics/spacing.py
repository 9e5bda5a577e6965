"""The distance between pixels, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["check_spacing"]


def check_spacing(spacing: Sequence[float] | None) -> tuple[float, float]:
    """Return the spacing of two axes, ones for ``None``, or raise a ``ValueError`` if it is not finite and positive."""
    if spacing is None:
        return 1.0, 1.0
    values = tuple(float(value) for value in spacing)
    if len(values) != 2 or not all(np.isfinite(value) and value > 0 for value in values):
        raise ValueError(f"spacing must be two finite positive mm per pixel, of axis 0 and axis 1, got {values}.")
    return values
