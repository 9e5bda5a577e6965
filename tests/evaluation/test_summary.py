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
    for one, other in ((forward, backward), (forward.found, backward.found)):
        assert [one.mean, one.sd, one.low, one.high] == pytest.approx([other.mean, other.sd, other.low, other.high])


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
    assert ventricle.scores["dice"].found.mean == pytest.approx(0.8) and ventricle.missed.share == 0.5
    assert ventricle.unit == "mm"
    assert summarize(pd.DataFrame(rows), by=())[0].n_total == 4


def test_a_json_entry_contains_its_group_and_its_values():
    (summary,) = summarize(pd.DataFrame([score_row("a", 0.8)]), by=("structure", "view"))
    entry = summary.entry()
    assert (entry["structure"], entry["view"], entry["n_total"]) == ("LV", "4CH", 1)
    assert entry["scores"]["dice"].mean == 0.8 and "group" not in entry


def test_a_group_without_valid_items_is_nan():
    (summary,) = summarize(pd.DataFrame([score_row("a", np.nan, status="both_empty")]))
    score = summary.scores["dice"]
    assert summary.n_valid == 0 and np.isnan([score.mean, score.sd, score.low, score.high, score.found.mean]).all()


def test_pixels_and_millimeters_are_never_averaged_together():
    table = pd.DataFrame([score_row("a", 0.9), score_row("b", 0.9, unit="px")])
    with pytest.raises(ValueError, match=r"\['mm', 'px'\]"):
        summarize(table)


def test_a_table_without_patients_is_refused():
    with pytest.raises(ValueError, match=r"\['patient'\]"):
        summarize(pd.DataFrame([{"structure": "LV", "status": "ok", "unit": "mm", "dice": 1.0}]))


def test_the_mean_is_that_of_the_patients_and_lies_inside_its_interval():
    rng = np.random.default_rng(0)
    rows = [score_row(f"p{n}", dice) for n, dice in enumerate(rng.normal(0.92, 0.02, 20))]
    rows += [score_row("many frames", 0.3, frame) for frame in range(60)]
    score = summarize(pd.DataFrame(rows))[0].scores["dice"]
    means = [row["dice"] for row in rows[:20]] + [0.3]
    assert score.mean == score.found.mean == pytest.approx(np.mean(means))
    assert score.sd == pytest.approx(np.std(means, ddof=1))
    assert score.found.low < score.mean < score.found.high and score.low < score.mean < score.high


def test_an_interval_allows_for_misses_that_did_not_occur():
    rng = np.random.default_rng(0)
    rows = [score_row(f"p{n}", dice) for n, dice in enumerate(rng.normal(0.92, 0.02, 20))]
    (group,) = summarize(pd.DataFrame(rows))
    dice, distance = group.scores["dice"], group.scores["hd"]
    assert group.missed.share == 0 and group.missed.high == pytest.approx(0.161, abs=1e-3)
    assert dice.low == pytest.approx(0.92 - 0.161 * 0.92, abs=0.01) and dice.high == pytest.approx(dice.found.high)
    assert distance.high == pytest.approx(0.08 + 0.161 * (1 - 0.08), abs=0.01) and distance.low >= 0


def test_few_patients_are_marked():
    tables = [pd.DataFrame([score_row(f"p{n}", 0.9) for n in range(count)]) for count in (19, 20)]
    assert [summarize(table)[0].few_patients for table in tables] == [True, False]


def test_distances_without_the_diagonal_are_refused():
    table = pd.DataFrame([score_row("a", 0.9)]).drop(columns="diagonal")
    with pytest.raises(ValueError, match=r"\['diagonal'\]"):
        summarize(table)
    assert summarize(table, scores=["dice"])[0].scores["dice"].mean == 0.9
