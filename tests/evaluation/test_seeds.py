"""Scores of repeated trainings."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.seeds import compare_seeds


def test_mean_and_standard_deviation_are_over_the_seeds():
    (summary,) = compare_seeds({"a": [0.90, 0.92, 0.94]}).values()
    assert (summary.mean, summary.sd, summary.seeds) == (pytest.approx(0.92), pytest.approx(0.02), 3)


@pytest.mark.parametrize(("difference", "standings"), [(0.019, ("tie", "tie")), (0.021, ("best", "worse"))])
def test_a_difference_within_the_larger_spread_is_a_tie(difference, standings):
    wide, narrow = np.array([0.90, 0.92, 0.94]), np.array([0.919, 0.92, 0.921])
    for a, b in ((wide, narrow - difference), (narrow, wide - difference)):
        compared = compare_seeds({"a": a, "b": b})
        assert (compared["a"].standing, compared["b"].standing) == standings


def test_the_smallest_distance_is_the_best():
    compared = compare_seeds({"a": [4.0, 4.1], "b": [5.0, 5.1]}, lower_is_better=True)
    assert (compared["a"].standing, compared["b"].standing) == ("best", "worse")


def test_one_seed_names_neither_winner_nor_tie():
    compared = compare_seeds({"a": [0.94], "b": [0.90, 0.91]})
    assert {summary.standing for summary in compared.values()} == {"unknown"}
    assert (compared["a"].cell(".2f"), compared["b"].cell(".3f")) == ("0.94", "0.905 ± 0.007")


def test_a_network_alone_has_no_standing():
    assert [summary.standing for summary in compare_seeds({"a": [0.90, 0.91]}).values()] == ["unknown"]


def test_a_network_without_scores_is_refused():
    with pytest.raises(ValueError, match="no scores for b"):
        compare_seeds({"a": [0.9], "b": []})
