"""Turning points of a curve: frames at which it stops rising or falling."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

__all__ = ["MAXIMUM", "MINIMUM", "NotchShare", "Turn", "drop_close", "drop_notches", "drop_small_ends", "find_turns"]

MAXIMUM, MINIMUM = 1, -1


class Turn(NamedTuple):
    """A frame at which a curve turns, and whether it is a ``MAXIMUM`` or a ``MINIMUM``."""

    frame: int
    kind: int


class NotchShare(NamedTuple):
    """Limits below which a fall is a notch: depth as a share of the largest fall, and duration as a share of the
    median duration of the falls that are not shallow."""

    depth: float
    duration: float


def find_turns(curve: np.ndarray, swing: float) -> list[Turn]:
    """Find the extremes between which a curve rises or falls by at least ``swing``.

    ``scipy.signal.find_peaks`` cannot be used here, because it never reports the first or the last frame.

    Args:
        curve: values ``(T,)``, all finite.
        swing: smallest rise or fall between two turns, in the unit of the curve.

    Returns:
        Alternating maxima and minima; the first and the last frame of the curve can be among them.
    """
    turns: list[Turn] = []
    high = low = 0
    rising = None
    for frame, value in enumerate(curve):
        high = frame if value > curve[high] else high
        low = frame if value < curve[low] else low
        if rising is not False and curve[high] - value >= swing:  # the curve has fallen: the high was a turn
            turns.append(Turn(high, MAXIMUM))
            rising, low = False, frame
        elif rising is not True and value - curve[low] >= swing:
            turns.append(Turn(low, MINIMUM))
            rising, high = True, frame
    if rising is not None:
        turns.append(Turn(high, MAXIMUM) if rising else Turn(low, MINIMUM))
    return turns


def drop_close(turns: list[Turn], curve: np.ndarray, time: np.ndarray, refractory: float) -> list[Turn]:
    """Drop the less extreme of two turns of the same kind within the refractory time, and the turn between them.

    The closest pair is dropped first.

    Args:
        turns: alternating maxima and minima.
        curve: values ``(T,)``.
        time: time of each value, ``(T,)``.
        refractory: shortest time between two turns of the same kind, in the unit of ``time``.

    Returns:
        The remaining turns, alternating maxima and minima.
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


def drop_notches(
    turns: list[Turn], curve: np.ndarray, time: np.ndarray, share: NotchShare, cut: Collection[Turn]
) -> list[Turn]:
    """Drop each maximum and the minimum after it if the fall between them is a notch: both shallow and short.

    A weak beat is as shallow as a notch in diastole, but the ventricle ejects for about as long as in other beats.

    Args:
        turns: alternating maxima and minima.
        curve: values ``(T,)``.
        time: time of each value, ``(T,)``.
        share: limits of depth and duration below which a fall is a notch.
        cut: turns at the ends of the curve whose fall may be incomplete; they are kept.

    Returns:
        The remaining turns, alternating maxima and minima; of two maxima around a notch, the second remains.
    """
    falls = [pair for pair in zip(turns, turns[1:]) if pair[0].kind == MAXIMUM and not {*pair} & {*cut}]
    depths = np.array([curve[high.frame] - curve[low.frame] for high, low in falls])
    durations = np.array([time[low.frame] - time[high.frame] for high, low in falls])
    shallow = depths < share.depth * depths.max(initial=0)
    short = durations < share.duration * np.median(durations[~shallow]) if falls else shallow
    dropped = {turn for pair, notch in zip(falls, shallow & short) if notch for turn in pair}
    return [turn for turn in turns if turn not in dropped]


def drop_small_ends(turns: list[Turn], curve: np.ndarray, swing: float) -> list[Turn]:
    """Drop the first and the last turn while the curve changes by less than ``swing`` to the turn beside it.

    Args:
        turns: alternating maxima and minima.
        curve: values ``(T,)``.
        swing: smallest rise or fall at the ends, in the unit of the curve.

    Returns:
        The remaining turns, at least two if there were two.
    """
    turns = list(turns)
    for first, second in ((0, 1), (-1, -2)):
        while len(turns) > 2 and abs(curve[turns[first].frame] - curve[turns[second].frame]) < swing:
            del turns[first]
    return turns
