"""The turns of a curve: where it stops rising or falling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["MAXIMUM", "MINIMUM", "Turn", "drop_close", "find_turns"]

MAXIMUM, MINIMUM = 1, -1


class Turn(NamedTuple):
    """A frame at which a curve turns, and whether it is a ``MAXIMUM`` or a ``MINIMUM``."""

    frame: int
    kind: int


def find_turns(curve: np.ndarray, swing: float) -> list[Turn]:
    """Find the extremes between which a curve rises and falls by at least ``swing``.

    ``scipy.signal.find_peaks`` does not serve here: it never reports the first or the last frame.

    Args:
        curve: values ``(T,)``, all finite.
        swing: least rise or fall between two turns, in the unit of the curve.

    Returns:
        Maxima and minima in turn, the first and the last one wherever the curve has them, at its ends too.
    """
    turns: list[Turn] = []
    high = low = 0
    rising = None
    for frame, value in enumerate(curve):
        high = frame if value > curve[high] else high
        low = frame if value < curve[low] else low
        if rising is not False and curve[high] - value >= swing:  # it has fallen: the high was a turn
            turns.append(Turn(high, MAXIMUM))
            rising, low = False, frame
        elif rising is not True and value - curve[low] >= swing:
            turns.append(Turn(low, MINIMUM))
            rising, high = True, frame
    if rising is not None:
        turns.append(Turn(high, MAXIMUM) if rising else Turn(low, MINIMUM))
    return turns


def drop_close(turns: list[Turn], curve: np.ndarray, time: np.ndarray, refractory: float) -> list[Turn]:
    """Drop, closest first, the lesser of two turns of one kind within the refractory time, and the turn between.

    Args:
        turns: maxima and minima in turn.
        curve: values ``(T,)``.
        time: time of each value, ``(T,)``.
        refractory: shortest time between two turns of one kind, in the unit of ``time``.

    Returns:
        The turns that are left, maxima and minima in turn.
    """
    turns = list(turns)
    while len(turns) > 2:
        gaps = [time[second.frame] - time[first.frame] for first, second in zip(turns, turns[2:])]
        closest = int(np.argmin(gaps))
        if gaps[closest] >= refractory:
            break
        (first, kind), (second, _) = turns[closest], turns[closest + 2]
        lesser = closest if kind * curve[first] < kind * curve[second] else closest + 2
        turns = [turn for index, turn in enumerate(turns) if index not in (closest + 1, lesser)]
    return turns
