"""Means, counts, and intervals of scores in groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gdkvm_monai.evaluation.summary import summarize
from tests.evaluation.scores import score_row, scores_of_forty_patients


def test_the_order_of_the_rows_does_not_matter():
    table = scores_of_forty_patients()
    forward, backward = (summarize(part)[0].scores["dice"] for part in (table, table[::-1]))
    assert vars(forward) == pytest.approx(vars(backward), abs=1e-12)


def test_groups_are_counted_and_averaged_by_the_rules_for_empty_masks():
    rows = [
        score_row("a", 0.8),
        score_row("b", 0.0, status="one_empty"),
        score_row("c", np.nan, status="both_empty"),
        score_row("a", 0.6, structure="LA"),
    ]
    ventricle, atrium = summarize(pd.DataFrame(rows))
    assert ventricle.group == {"structure": "LV"} and atrium.group == {"structure": "LA"}
    counts = {key: value for key, value in vars(ventricle).items() if key.startswith("n_")}
    assert counts == {"n_total": 3, "n_valid": 2, "n_one_empty": 1, "n_both_empty": 1, "n_patients": 2}
    assert ventricle.scores["dice"].mean == pytest.approx(0.4)
    assert ventricle.unit == "mm"
    assert summarize(pd.DataFrame(rows), by=())[0].n_total == 4


def test_a_json_entry_contains_its_group_and_its_values():
    (summary,) = summarize(pd.DataFrame([score_row("a", 0.8)]), by=("structure", "view"))
    entry = summary.entry()
    assert (entry["structure"], entry["view"], entry["n_total"]) == ("LV", "4CH", 1)
    assert entry["scores"]["dice"].mean == 0.8 and "group" not in entry


def test_a_group_without_valid_items_is_nan():
    (summary,) = summarize(pd.DataFrame([score_row("a", np.nan, status="both_empty")]))
    assert summary.n_valid == 0 and np.isnan(list(vars(summary.scores["dice"]).values())).all()


def test_pixels_and_millimeters_are_never_averaged_together():
    table = pd.DataFrame([score_row("a", 0.9), score_row("b", 0.9, unit="px")])
    with pytest.raises(ValueError, match=r"\['mm', 'px'\]"):
        summarize(table)


def test_a_table_without_patients_is_refused():
    with pytest.raises(ValueError, match=r"\['patient'\]"):
        summarize(pd.DataFrame([{"structure": "LV", "status": "ok", "unit": "mm", "dice": 1.0}]))
