"""Means, counts and intervals of rows of scores."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.bootstrap import bootstrap_interval, compare, patient_means, summarize


def row(patient, dice, frame=0, status="ok", structure="LV", unit="mm", view="4CH"):
    distance = np.nan if np.isnan(dice) else 1 - dice
    keys = {"patient": patient, "view": view, "frame": frame, "structure": structure, "status": status, "unit": unit}
    return keys | {"dice": dice, "hd": distance}


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return [row(f"patient{n:03d}", d, frame) for n in range(40) for frame, d in enumerate(rng.normal(0.9, 0.03, 2))]


def test_each_patient_contributes_its_own_mean():
    assert patient_means([1, 3, 10, np.nan], ["a", "a", "b", "c"]) == {"a": 2, "b": 10}
    few = bootstrap_interval([1, 3, 10], ["a", "a", "b"])
    many = bootstrap_interval([1, 3] * 50 + [10], ["a"] * 100 + ["b"])
    assert few == many  # a hundred frames of one heart are one heart


def test_the_interval_is_that_of_the_mean_and_reproducible():
    values = np.random.default_rng(1).normal(50, 10, 200)
    low, high = bootstrap_interval(values, list(range(200)))
    half = 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert low == pytest.approx(values.mean() - half, abs=0.15)
    assert high == pytest.approx(values.mean() + half, abs=0.15)
    assert bootstrap_interval(values, list(range(200))) == (low, high)
    assert bootstrap_interval(values, list(range(200)), seed=1) != (low, high)


def test_one_patient_has_no_interval():
    assert np.isnan(bootstrap_interval([1.0, 2.0], ["a", "a"])).all()


def test_the_order_of_the_rows_does_not_matter(rows):
    forward, backward = summarize(rows)[0]["scores"]["dice"], summarize(rows[::-1])[0]["scores"]["dice"]
    assert forward == pytest.approx(backward, abs=1e-12)


def test_groups_are_counted_and_averaged_by_the_rules_for_empties():
    rows = [
        row("a", 0.8),
        row("b", 0.0, status="one_empty"),
        row("c", np.nan, status="both_empty"),
        row("a", 0.6, structure="LA"),
    ]
    ventricle, atrium = summarize(rows)
    assert ventricle["structure"] == "LV" and atrium["structure"] == "LA"
    counts = {key: ventricle[key] for key in ventricle if key.startswith("n_")}
    assert counts == {"n_total": 3, "n_valid": 2, "n_one_empty": 1, "n_both_empty": 1, "n_patients": 2}
    assert ventricle["scores"]["dice"]["mean"] == pytest.approx(0.4)
    assert ventricle["unit"] == "mm"
    assert summarize(rows, by=())[0]["n_total"] == 4


def test_a_group_in_which_nothing_counts_is_nan():
    summary = summarize([row("a", np.nan, status="both_empty")])[0]
    assert summary["n_valid"] == 0 and np.isnan(summary["scores"]["dice"]["mean"])


def test_pixels_and_millimeters_are_never_averaged_together():
    with pytest.raises(ValueError, match="one unit"):
        summarize([row("a", 0.9), row("b", 0.9, unit="px")])


def test_a_row_without_a_patient_is_refused():
    with pytest.raises(ValueError, match="patient"):
        summarize([{"structure": "LV", "status": "ok", "dice": 1.0}])


def test_paired_differences_are_sharper_than_the_two_intervals(rows):
    better = [dict(r, dice=r["dice"] + 0.01) for r in rows]
    result = compare(better, rows, "dice")
    assert result["mean"] == pytest.approx(0.01)
    assert (result["low"], result["high"]) == (pytest.approx(0.01), pytest.approx(0.01))
    assert result["n_pairs"] == 80 and result["n_patients"] == 40
    assert result["patients"]["patient003"] == pytest.approx(0.01)


def test_items_without_a_partner_or_without_a_value_are_counted(rows):
    ours = [dict(rows[0], dice=np.nan), *rows[1:10], row("new", 0.9)]
    result = compare(ours, rows, "dice")
    assert (result["n_pairs"], result["n_undefined"]) == (9, 1)
    assert (result["n_only_rows"], result["n_only_baseline"]) == (1, 70)


def test_duplicates_and_mixed_units_are_refused_when_comparing(rows):
    with pytest.raises(ValueError, match="occurs twice"):
        compare(rows + rows[:1], rows, "dice")
    with pytest.raises(ValueError, match="one unit"):
        compare([dict(r, unit="px") for r in rows], rows, "hd")
    assert compare([dict(r, unit="px") for r in rows], rows, "dice")["mean"] == 0
