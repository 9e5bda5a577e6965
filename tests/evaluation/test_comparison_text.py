"""Formatting of a comparison as text."""

from __future__ import annotations

import pytest

from gdkvm_monai.evaluation.comparison import compare_results
from gdkvm_monai.evaluation.comparison_text import format_comparison
from gdkvm_monai.evaluation.results import write_evaluation
from tests.evaluation.clips import scored_clip


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    root = tmp_path_factory.mktemp("results")
    other = scored_clip("0002")
    other.label_ends[..., 0] = other.label_ends[..., 1]
    write_evaluation([scored_clip("0001", shift=1), scored_clip("0002")], root / "a", {})
    write_evaluation([scored_clip("0001", shift=6), other], root / "b", {})
    return format_comparison(compare_results(root / "a", root / "b", threshold=0.01))


def test_scores_failures_changes_and_errors_are_listed_with_units(text):
    for part in ("differences are B - A", "hd95 mm", "only in B", "by dice, beyond 0.01: 2 worse in B", "EF points"):
        assert part in text
    assert "worse: 0001" in text and "0002  " not in text.split("by dice")[1].split("absolute errors")[0]


def test_a_different_reference_prints_a_caution(text):
    assert "caution: the reference differs between the folders for 1 patients" in text


def test_missing_ejection_fractions_are_reported(tmp_path):
    write_evaluation([scored_clip("0001", "unknown")], tmp_path, {})
    assert "no ejection fractions to compare" in format_comparison(compare_results(tmp_path, tmp_path))
