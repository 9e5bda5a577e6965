"""Scores averaged over image rows."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.row_scores import score_rows


def test_a_row_that_is_empty_in_both_masks_scores_one():
    prediction, label = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    label[1:3, 1:3], prediction[1:3, 1:4] = True, True
    dice, iou = score_rows(prediction, label)
    assert dice == pytest.approx((1 + 1 + 0.8 + 0.8) / 4, abs=1e-5)
    assert iou == pytest.approx((1 + 1 + 2 / 3 + 2 / 3) / 4, abs=1e-5)


def test_rows_follow_the_depth_axis():
    prediction, label = np.eye(5, dtype=bool), np.tri(5, dtype=bool)
    assert score_rows(prediction.T, label.T, depth_axis=1) == pytest.approx(score_rows(prediction, label))
    assert score_rows(prediction, label, depth_axis=1) == pytest.approx(score_rows(prediction.T, label.T))
