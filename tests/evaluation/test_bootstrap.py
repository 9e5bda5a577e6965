"""Patient means and the bootstrap interval of their mean."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.bootstrap import bootstrap_interval, patient_means


def test_each_patient_contributes_its_own_mean():
    assert patient_means([1, 3, 10, np.nan], ["a", "a", "b", "c"]) == {"a": 2, "b": 10}
    few = bootstrap_interval([1, 3, 10], ["a", "a", "b"])
    many = bootstrap_interval([1, 3] * 50 + [10], ["a"] * 100 + ["b"])
    assert few == many  # a hundred frames of one heart still count as one patient


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


def test_one_patient_has_no_interval():
    assert np.isnan(bootstrap_interval([1.0, 2.0], ["a", "a"])).all()
