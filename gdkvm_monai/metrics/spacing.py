"""Validation of the pixel spacing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["check_spacing"]


def check_spacing(spacing: Sequence[float] | None) -> tuple[float, float]:
    """Return the spacing of two axes; ``(1, 1)`` for ``None``.

    Raises:
        ValueError: if the spacing is not two finite positive numbers.
    """
    if spacing is None:
        return 1.0, 1.0
    values = tuple(float(value) for value in spacing)
    if len(values) != 2 or not all(np.isfinite(value) and value > 0 for value in values):
        raise ValueError(f"spacing must be two finite positive numbers, mm per pixel of axis 0 and 1, got {values}.")
    return values
