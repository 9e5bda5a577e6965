"""Scores become columns of a table, and what was not requested is left out."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from gdkvm_monai.metrics.scores import FrameScores, PairScores


def test_scores_that_were_not_requested_have_no_column():
    assert PairScores("ok", "mm", 0.9, 0.8).columns() == {"status": "ok", "unit": "mm", "dice": 0.9, "iou": 0.8}


def test_a_score_of_zero_has_a_column():
    columns = PairScores("one_empty", "px", 0.0, 0.0, hd95=0.0, legacy_row_iou=0.0).columns()
    assert columns["dice"] == columns["hd95"] == columns["legacy_row_iou"] == 0.0 and "hd" not in columns


def test_every_tolerance_of_the_surface_dice_has_a_column_in_order():
    scores = PairScores("ok", "mm", 0.9, 0.8, hd=3.0, hd95=2.0, asd=0.5, nsd={1.0: 0.7, 2.5: 0.9}, legacy_row_dice=0.6)
    names = ["status", "unit", "dice", "iou", "hd", "hd95", "asd", "nsd@1", "nsd@2.5", "legacy_row_dice"]
    assert list(scores.columns()) == names
    assert scores.columns()["nsd@2.5"] == 0.9


def test_scores_of_a_frame_are_equal_by_value_and_cannot_be_changed():
    scores = FrameScores(3, "LV", PairScores("ok", "mm", 0.9, 0.8))
    assert scores == FrameScores(3, "LV", PairScores("ok", "mm", 0.9, 0.8))
    with pytest.raises(FrozenInstanceError):
        scores.scores.dice = 1.0
