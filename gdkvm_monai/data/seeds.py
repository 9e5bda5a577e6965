"""Reproducible random numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["random_generator"]


def random_generator(seed: int | Sequence[int], stream: int) -> np.random.Generator:
    """Return the random generator for one purpose; streams of the same seed are independent.

    Args:
        seed: one or several non-negative integers.
        stream: non-negative number of the purpose.

    Raises:
        ValueError: if a seed is negative.

    Example:
        >>> bool(random_generator(1, 0).random() == random_generator((1,), 0).random())
        True
    """
    entropy = [int(value) for value in np.atleast_1d(seed)]
    if min(entropy) < 0:
        raise ValueError(f"seed = {seed} must consist of non-negative integers, for example seed=0.")
    return np.random.default_rng(np.random.SeedSequence([*entropy, stream]))
