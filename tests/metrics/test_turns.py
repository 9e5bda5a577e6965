"""Turning points of a curve."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.metrics.turns import (
    MAXIMUM,
    MINIMUM,
    NotchShare,
    Turn,
    drop_close,
    drop_notches,
    drop_small_ends,
    find_turns,
)

CURVE = np.array([5.0, 1.0, 4.0, 3.5, 6.0, 0.0])
TURNS = [Turn(0, MAXIMUM), Turn(1, MINIMUM), Turn(4, MAXIMUM), Turn(5, MINIMUM)]


def test_turns_alternate_and_include_the_ends():
    assert find_turns(CURVE, swing=2) == TURNS


def test_a_small_swing_is_not_a_turn():
    assert find_turns(CURVE, swing=0.4) == [*TURNS[:2], Turn(2, MAXIMUM), Turn(3, MINIMUM), *TURNS[2:]]
    assert find_turns(np.ones(6), swing=0.5) == []


def test_negating_the_curve_exchanges_maxima_and_minima():
    assert find_turns(-CURVE, swing=2) == [Turn(frame, -kind) for frame, kind in TURNS]


def test_the_lesser_of_two_close_maxima_and_the_turn_between_are_dropped():
    turns, time = find_turns(CURVE, swing=0.4), np.arange(6) / 10
    assert drop_close(turns, CURVE, time, refractory=0.25) == TURNS
    assert drop_close(turns, CURVE, time, refractory=0.1) == turns


def test_a_shallow_and_short_fall_is_a_notch_and_its_second_maximum_remains():
    curve = np.array([2.0, 9.0, 1.0, 7.0, 5.0, 8.0, 1.0, 3.0])
    turns = find_turns(curve, swing=1)
    time = np.array([0, 1, 4, 5, 6, 7, 10, 11])  # falls of 3, 1, and 3
    without = [turn for turn in turns if turn.frame not in (3, 4)]
    assert drop_notches(turns, curve, time, NotchShare(0.3, 0.6), cut=()) == without
    assert drop_notches(turns, curve, time, NotchShare(0.2, 0.6), cut=()) == turns
    assert drop_notches(turns, curve, time, NotchShare(0.3, 0.3), cut=()) == turns  # as long as a weak beat
    assert drop_notches(turns, curve, time, NotchShare(0.3, 0.6), cut=[Turn(4, MINIMUM)]) == turns


def test_small_changes_at_the_ends_are_dropped_and_those_between_stay():
    curve = np.array([9.0, 8.0, 10.0, 2.0, 5.0, 4.0, 9.0, 7.5])
    turns = find_turns(curve, swing=0.5)
    assert [turn.frame for turn in turns] == list(range(8))
    assert drop_small_ends(turns, curve, swing=3) == turns[2:7]
    assert drop_small_ends(turns, curve, swing=0.5) == turns and len(drop_small_ends(turns, curve, swing=99)) == 2
