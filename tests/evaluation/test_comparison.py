"""Comparison of two results folders; tests/cli/test_compare.py covers the numbers end to end."""

from __future__ import annotations

import pytest

from gdkvm_monai.evaluation.comparison import compare_results
from gdkvm_monai.evaluation.results import write_evaluation
from tests.evaluation.clips import scored_clip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    write_evaluation([scored_clip("0001", shift=2), scored_clip("0002", shift=2)], root / "a", {})
    write_evaluation([scored_clip("0001"), scored_clip("0002", shift=5)], root / "b", {})
    return root / "a", root / "b"


def test_changes_are_b_minus_a_and_their_direction_depends_on_the_score(folders):
    for score in ("dice", "asd"):
        result = compare_results(*folders, score=score, threshold=0.001)
        assert {change.patient for change in result.worse} == {"0002"}
        assert {change.patient for change in result.better} == {"0001"}
        sign = -1 if score == "dice" else 1
        assert all(sign * change.difference > 0 for change in result.worse)


def test_exchanging_the_folders_negates_all_differences(folders):
    forth, back = compare_results(*folders), compare_results(*folders[::-1])
    for one, other in zip(forth.scores, back.scores):
        assert (one.structure, one.score, one.mean_a) == (other.structure, other.score, other.mean_b)
        assert one.mean == pytest.approx(-other.mean, abs=1e-12)
    assert [change.patient for change in forth.worse] == [change.patient for change in back.better]


def test_a_missing_score_is_refused_with_the_available_ones(folders):
    with pytest.raises(ValueError, match="'speed'.*dice, iou, hd, hd95, asd"):
        compare_results(*folders, score="speed")


def test_results_without_a_shared_item_are_refused(folders, tmp_path):
    write_evaluation([scored_clip("1")], tmp_path / "c", {})  # "1" is not "0001"
    with pytest.raises(ValueError, match="share no patient"):
        compare_results(folders[0], tmp_path / "c")


@pytest.mark.parametrize(
    ("facts", "grid", "words"),
    [
        ({"spacing_mm": None}, "native", r"\['mm'\].*\['px'\]"),
        ({"spacing_mm": (0.4, 0.4)}, "native", r"0001 4CH .*\[0.5, 0.4\].*\[0.4, 0.4\]"),
        ({}, "network", "native grid .* network grid"),
    ],
)
def test_different_units_or_grids_are_refused(tmp_path, facts, grid, words):
    write_evaluation([scored_clip("0001")], tmp_path / "a", {"scored_grid": "native"})
    write_evaluation([scored_clip("0001", **facts)], tmp_path / "b", {"scored_grid": grid})
    with pytest.raises(ValueError, match=words):
        compare_results(tmp_path / "a", tmp_path / "b")
