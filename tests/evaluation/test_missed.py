"""Share of missed items and its effect on a mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gdkvm_monai.evaluation.missed import Estimate, MissedShare, add_missed, measure_missed


@pytest.mark.parametrize(("count", "n"), [(0, 20), (1, 20), (7, 50), (20, 20)])
def test_the_interval_of_the_share_is_wilsons(count, n):
    found = measure_missed([number < count for number in range(n)], range(n))
    expected = stats.binomtest(count, n).proportion_ci(method="wilson")
    assert (found.share, found.low, found.high) == pytest.approx((count / n, expected.low, expected.high), abs=1e-12)


def test_patients_count_equally_whatever_their_number_of_frames():
    found = measure_missed([True] + [False] * 99 + [True], ["a"] * 100 + ["b"])
    assert found.share == pytest.approx((0.01 + 1) / 2)
    assert np.isnan(measure_missed([], []).share)


def test_a_certain_share_scales_the_interval_of_the_found_items():
    found = Estimate(0.9, 0.1, 0.8, 0.95)
    assert add_missed(0.9, found, MissedShare(0, 0, 0), 0.0) == pytest.approx((0.8, 0.95))
    assert add_missed(0.45, found, MissedShare(0.5, 0.5, 0.5), 0.0) == pytest.approx((0.4, 0.475))


@pytest.mark.parametrize("worst", [0.0, 100.0])
def test_an_uncertain_share_extends_the_interval_toward_the_worst_value(worst):
    found, missed = Estimate(10, 0, 10, 10), MissedShare(0.1, 0.05, 0.3)
    low, high = add_missed(mean := 0.9 * 10 + 0.1 * worst, found, missed, worst)
    toward, away = (mean - low, high - mean) if worst < 10 else (high - mean, mean - low)
    assert (toward, away) == pytest.approx((0.2 * abs(worst - 10), 0.05 * abs(worst - 10)))


def test_without_an_interval_of_the_found_items_there_is_none():
    assert np.isnan(add_missed(0.9, Estimate(0.9, 0.1, np.nan, np.nan), MissedShare(0, 0, 0.5), 0.0)).all()
