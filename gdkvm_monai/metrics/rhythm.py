"""Rhythm of a clip: intervals between end-diastoles, and whether they are regular."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["Rhythm", "RhythmName", "judge_rhythm"]

RhythmName = Literal["unknown", "regular", "ectopic", "irregular"]

RR_TOLERANCE = 0.12
"""Largest deviation of an RR interval from the median that counts as regular, as a share of the median."""


@dataclass(frozen=True)
class Rhythm:
    """Rhythm of a clip.

    Attributes:
        name: ``"regular"`` if all intervals are within ``RR_TOLERANCE`` of their median, ``"ectopic"`` if at most two
            are not and at least two are, otherwise ``"irregular"``; ``"unknown"`` for fewer than two intervals.
        odd: whether each interval deviates from the median by more than ``RR_TOLERANCE``.
    """

    name: RhythmName
    odd: tuple[bool, ...]


def judge_rhythm(rr_s: Sequence[float]) -> Rhythm:
    """Tell a regular rhythm from an ectopic beat and from an irregular rhythm.

    Args:
        rr_s: intervals between successive end-diastoles, in any unit.

    Returns:
        The rhythm.

    Example:
        >>> judge_rhythm([0.8, 0.82, 0.5, 1.1, 0.8])
        Rhythm(name='ectopic', odd=(False, False, True, True, False))
    """
    if len(rr_s) < 2:
        return Rhythm("unknown", (False,) * len(rr_s))
    intervals = np.asarray(rr_s, float)
    odd = np.abs(intervals / np.median(intervals) - 1) > RR_TOLERANCE
    count = int(odd.sum())
    name: RhythmName = "regular" if not count else "ectopic" if count <= 2 <= len(odd) - count else "irregular"
    return Rhythm(name, tuple(map(bool, odd)))
