"""Scores, failures, and changes of one structure in two tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gdkvm_monai.evaluation.score_comparison import Failures, compare_scores, count_failures, patient_changes
from tests.evaluation.scores import score_row


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables: patient a improves, b is missed in B and c in A, d is only in B, e has no score in A."""
    one = [score_row("a", 0.8), score_row("b", 0.6), score_row("c", 0.0, status="one_empty"), score_row("e", np.nan)]
    other = [score_row("a", 0.9), score_row("b", 0.0, status="one_empty"), score_row("c", 0.7), score_row("d", 0.7)]
    return pd.DataFrame(one), pd.DataFrame([*other, score_row("e", 0.5)])


def test_means_cover_only_pairs_with_both_values(tables):
    result = compare_scores("LV", "dice", *tables)
    assert (result.n_pairs, result.n_undefined, result.n_only_rows) == (3, 1, 1)
    assert result.mean_a == pytest.approx(1.4 / 3) and result.mean_b == pytest.approx(1.6 / 3)
    assert result.mean == pytest.approx(result.mean_b - result.mean_a)
    assert result.patients_a == {"a": 0.8, "b": 0.6, "c": 0.0} and "e" not in result.patients_b


def test_new_and_resolved_failures_are_distinguished(tables):
    expected = Failures("LV", one_empty_a=1, one_empty_b=1, new=1, resolved=1, only_a=0, only_b=1)
    assert count_failures("LV", *tables) == expected


def test_a_lower_overlap_or_a_longer_distance_is_worse(tables):
    scores = [compare_scores("LV", name, *tables) for name in ("dice", "hd")]
    overlap, distance = ({c.patient: c for c in patient_changes(scores, name)} for name in ("dice", "hd"))
    assert overlap["a"].worsening == pytest.approx(-0.1) and overlap["b"].worsening == pytest.approx(0.6)
    for patient in "abc":
        assert distance[patient].worsening == pytest.approx(overlap[patient].worsening)
        assert distance[patient].difference == pytest.approx(-overlap[patient].difference)
