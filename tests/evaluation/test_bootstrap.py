"""Patient means and the bootstrap interval of their mean."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.bootstrap import bootstrap_interval, mean_over_patients, patient_means


def test_each_patient_contributes_its_own_mean():
    assert patient_means([1, 3, 10, np.nan], ["a", "a", "b", "c"]) == {"a": 2, "b": 10}
    others = ([10, 4, 6, 5], ["b", "c", "d", "e"])
    few = bootstrap_interval([1, 3, *others[0]], ["a", "a", *others[1]])
    many = bootstrap_interval([1, 3] * 50 + others[0], ["a"] * 100 + others[1])
    assert few == many and np.isfinite(few).all()  # a hundred frames of one heart still count as one patient
    assert mean_over_patients([1, 3, 10, np.nan], ["a", "a", "b", "c"]) == 6 and np.isnan(mean_over_patients([], []))


def test_patients_keep_their_names_and_order_of_appearance():
    assert list(patient_means([3, 1, 2, 4], ["0010", "0001", "NA", "0010"]).items()) == [
        ("0010", 3.5),
        ("0001", 1),
        ("NA", 2),
    ]


def test_a_value_without_a_patient_is_refused():
    with pytest.raises(ValueError, match="2 values and 1 patients"):
        patient_means([1.0, 2.0], ["a"])


def test_the_interval_matches_the_normal_approximation_and_is_reproducible():
    values = np.random.default_rng(1).normal(50, 10, 200)
    low, high = bootstrap_interval(values, list(range(200)))
    half = 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert low == pytest.approx(values.mean() - half, abs=0.15)
    assert high == pytest.approx(values.mean() + half, abs=0.15)
    assert bootstrap_interval(values, list(range(200))) == (low, high)
    assert bootstrap_interval(values, list(range(200)), seed=1) != (low, high)


def test_fewer_than_four_patients_have_no_interval():
    assert np.isnan(bootstrap_interval([1.0, 2.0, 4.0], ["a", "b", "c"])).all()
    assert np.isfinite(bootstrap_interval([1.0, 2.0, 4.0, 5.0], ["a", "b", "c", "d"])).all()


def test_equal_patients_have_an_interval_of_no_width():
    assert bootstrap_interval([0.1] * 6, list("abcdef")) == pytest.approx((0.1, 0.1), abs=1e-12)


def test_the_interval_follows_scale_and_shift_and_reaches_further_to_the_side_of_the_long_tail():
    values = np.random.default_rng(0).lognormal(0, 0.8, 30)
    low, high = bootstrap_interval(values, range(30))
    assert bootstrap_interval(3 * values + 5, range(30)) == pytest.approx((3 * low + 5, 3 * high + 5))
    assert high - values.mean() > 1.2 * (values.mean() - low)


def test_a_patient_that_equals_the_mean_does_not_remove_the_interval():
    low, high = bootstrap_interval([1.0, 1.5, 2.0, 2.5, 3.0], range(5))
    assert low < 2 < high


def test_the_interval_ends_at_the_bounds():
    values = [1.0, 1.0, 1.0, 1.0, 0.2]
    assert bootstrap_interval(values, range(5))[0] < 0
    assert bootstrap_interval(values, range(5), bounds=(0.0, 1.0))[0] == 0.0


@pytest.mark.parametrize("sigma", [0.45, 0.8])
def test_the_interval_of_twenty_skewed_patients_holds_as_often_as_it_says(sigma):
    rng, held, trials = np.random.default_rng(2), 0, 400
    for _ in range(trials):
        low, high = bootstrap_interval(rng.lognormal(-(sigma**2) / 2, sigma, 20), range(20), resamples=500)
        held += low <= 1 <= high
    assert 0.92 <= held / trials <= 0.98  # 95 % with the spread of 400 trials; percentiles hold in 89 to 91 %
