"""Rhythm from the intervals between end-diastoles."""

from __future__ import annotations

import pytest

from gdkvm_monai.metrics.rhythm import judge_rhythm


@pytest.mark.parametrize(
    ("intervals", "name"),
    [
        ([], "unknown"),
        ([0.8], "unknown"),
        ([0.8, 0.85], "regular"),
        ([0.5, 1.0], "irregular"),
        ([0.8, 0.8, 0.5, 1.1], "ectopic"),
        ([0.8, 1.1, 0.5, 0.6, 1.2, 0.9], "irregular"),
    ],
)
@pytest.mark.parametrize("unit", [1, 25])
def test_the_rhythm_follows_from_the_intervals_in_any_unit(intervals, name, unit):
    assert judge_rhythm([unit * interval for interval in intervals]).name == name


def test_intervals_far_from_the_median_are_odd():
    assert judge_rhythm([0.8, 0.5, 1.1, 0.8, 0.8]).odd == (False, True, True, False, False)
