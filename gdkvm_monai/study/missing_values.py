"""Unknown numbers: ``None`` in the records that are written, NaN in computations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["none_if_unknown", "with_nan"]


def none_if_unknown(value: float | None) -> float | None:
    """Return a number rounded to four digits after the point, or ``None`` if it is ``None``, NaN, or infinite.

    Example:
        >>> none_if_unknown(55.12345), none_if_unknown(float("nan"))
        (55.1234, None)
    """
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def with_nan(values: Sequence[float | None]) -> np.ndarray:
    """Return values of a record as an array, with NaN for ``None``."""
    return np.array([np.nan if value is None else value for value in values], float)
