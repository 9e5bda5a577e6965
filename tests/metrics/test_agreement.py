"""Agreement of two measurements: published formulas, a hand-worked example, and missing values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from gdkvm_monai.metrics.agreement import measure_agreement


@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    reference = rng.normal(50, 14, 60)
    return 0.9 * reference + 3 + rng.normal(0, 5, 60), reference


def test_agreement_matches_a_hand_worked_example():
    agreement = measure_agreement([3.0, 5.0, 4.0, 8.0], [1.0, 4.0, 6.0, 7.0])  # differences 2, 1, -2, 1
    assert (agreement.n, agreement.bias, agreement.mae) == (4, 0.5, 1.5)
    assert agreement.sd == pytest.approx(np.sqrt(9 / 3))
    assert agreement.rmse == pytest.approx(np.sqrt(10 / 4))
    assert agreement.upper_limit == pytest.approx(0.5 + 1.96 * np.sqrt(3))
    assert agreement.lower_limit == pytest.approx(0.5 - 1.96 * np.sqrt(3))
    assert agreement.r2 == pytest.approx(1 - 10 / 21)  # SST = 102 - 4 * 4.5^2
    assert agreement.slope == pytest.approx(13 / 21) and agreement.intercept == pytest.approx(5 - 4.5 * 13 / 21)
    assert agreement.r == pytest.approx(13 / np.sqrt(21 * 14))
    assert agreement.ccc == pytest.approx(2 * 13 / 4 / (14 / 4 + 21 / 4 + 0.25))


def test_intervals_follow_their_formulas(pairs):
    agreement, n = measure_agreement(*pairs), 60
    t = stats.t.ppf(0.975, n - 1)
    half = t * agreement.sd / np.sqrt(n)
    assert agreement.bias_interval == pytest.approx((agreement.bias - half, agreement.bias + half))
    half = t * agreement.sd * np.sqrt(1 / n + 1.96**2 / (2 * (n - 1)))
    assert agreement.upper_limit_interval == pytest.approx((agreement.upper_limit - half, agreement.upper_limit + half))
    assert agreement.r_interval == pytest.approx(tuple(stats.pearsonr(*pairs).confidence_interval(0.95)), abs=1e-9)


def test_a_constant_shift_changes_the_bias_but_not_the_spread(pairs):
    one, shifted = measure_agreement(*pairs), measure_agreement(pairs[0] + 7, pairs[1])
    assert shifted.bias == pytest.approx(one.bias + 7) and shifted.sd == pytest.approx(one.sd)
    assert shifted.r == pytest.approx(one.r) and shifted.ccc < one.ccc and shifted.r2 < one.r2
    assert measure_agreement(pairs[1], pairs[0]).bias == pytest.approx(-one.bias)


def test_a_wrong_scale_appears_as_a_trend_of_the_differences():
    reference = np.linspace(20, 80, 50)
    noise = np.random.default_rng(0).normal(0, 1, 50)
    assert abs(measure_agreement(reference + noise, reference).trend) < 0.03
    scaled = measure_agreement(1.3 * reference + noise, reference)
    assert scaled.trend == pytest.approx(0.3 / 1.15, abs=0.02) and scaled.trend_p < 1e-6


def test_pairs_with_a_missing_value_are_excluded_and_counted():
    agreement = measure_agreement([1.0, np.nan, 3.0, np.inf], [1.0, 2.0, np.nan, 4.0])
    assert (agreement.n, agreement.n_excluded, agreement.bias) == (1, 3, 0)
    assert np.isnan(agreement.sd) and np.isnan(agreement.r)
    nothing = measure_agreement([np.nan], [1.0])
    assert nothing.n == 0 and np.isnan(nothing.bias) and np.isnan(nothing.rmse)


def test_perfect_agreement_and_a_constant_reference_raise_no_error():
    perfect = measure_agreement([10.0, 20.0, 30.0, 50.0], [10.0, 20.0, 30.0, 50.0])
    assert (perfect.bias, perfect.sd, perfect.r2, perfect.ccc) == (0, 0, 1, 1)
    assert perfect.r == pytest.approx(1)
    constant = measure_agreement([1.0, 2.0, 3.0], [5.0, 5.0, 5.0])
    assert np.isnan(constant.r) and np.isnan(constant.slope) and constant.bias == -3
    assert np.isnan(measure_agreement([5.0, 5.0, 5.0], [1.0, 2.0, 3.0]).r)


def test_unpaired_values_are_refused_and_the_result_is_a_dataclass(pairs):
    with pytest.raises(ValueError, match="one shape"):
        measure_agreement([1.0, 2.0], [1.0])
    assert dataclasses.asdict(measure_agreement(*pairs))["n"] == 60
