"""Paired comparison of two runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gdkvm_monai.evaluation.paired import compare, pair_items
from tests.evaluation.scores import score_row, scores_of_forty_patients


@pytest.fixture
def table() -> pd.DataFrame:
    return scores_of_forty_patients()


def test_paired_differences_are_more_precise_than_two_intervals(table):
    result = compare(table.assign(dice=table["dice"] + 0.01), table, "dice")
    assert (result.mean, result.low, result.high) == (pytest.approx(0.01),) * 3
    assert result.n_pairs == 80 and result.n_patients == 40
    assert result.patients["patient003"] == pytest.approx(0.01)


def test_items_without_a_counterpart_or_a_value_are_counted(table):
    ours = pd.concat([table[:10], pd.DataFrame([score_row("new", 0.9)])])
    ours.iloc[0, ours.columns.get_loc("dice")] = np.nan
    result = compare(ours, table, "dice")
    assert (result.n_pairs, result.n_undefined) == (9, 1)
    assert (result.n_only_rows, result.n_only_baseline) == (1, 70)


def test_items_are_paired_by_key_in_any_order(table):
    pairs = pair_items(table, table[::-1])
    assert len(pairs) == len(table) and (pairs["dice_one"] == pairs["dice_other"]).all()
    assert pairs["patient"].tolist() == table["patient"].tolist()


def test_runs_without_shared_items_have_no_difference(table):
    result = compare(table, table.assign(patient="other" + table["patient"]), "hd")
    assert np.isnan(result.mean) and (result.n_pairs, result.n_only_rows, result.n_only_baseline) == (0, 80, 80)


def test_an_item_that_occurs_twice_is_refused(table):
    with pytest.raises(ValueError, match="patient000.*occurs twice"):
        compare(pd.concat([table, table[:1]]), table, "dice")


def test_distances_in_different_units_are_refused_but_dice_is_compared(table):
    pixels = table.assign(unit="px")
    with pytest.raises(ValueError, match=r"\['mm', 'px'\]"):
        compare(pixels, table, "hd")
    assert compare(pixels, table, "dice").mean == 0
