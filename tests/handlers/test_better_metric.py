"""The best weights are those with the highest overlap, or with the smallest distance."""

from __future__ import annotations

import math

import pytest
from monai import metrics as monai_metrics
from monai.handlers import HausdorffDistance, IgniteMetricHandler, MeanDice

from gdkvm_monai.handlers import BetterMetric
from gdkvm_monai.metrics import FrameMetric


@pytest.mark.parametrize(
    ("metric", "falls"),
    [
        (IgniteMetricHandler(FrameMetric("dice")), False),
        (IgniteMetricHandler(FrameMetric("iou")), False),
        (IgniteMetricHandler(FrameMetric("hd95")), True),
        (IgniteMetricHandler(FrameMetric("asd")), True),
        (HausdorffDistance(), True),
        (IgniteMetricHandler(monai_metrics.MSEMetric()), True),
        (IgniteMetricHandler(monai_metrics.PSNRMetric(1)), False),
        (MeanDice(), False),
    ],
)
def test_the_key_metric_decides_the_direction(metric, falls):
    better = BetterMetric({"key": metric, "other": IgniteMetricHandler(FrameMetric("dice"))})
    assert better(1.0, 2.0) is falls and better(2.0, 1.0) is not falls and better(1.0, 1.0) is False


def test_the_direction_can_be_stated():
    assert BetterMetric({"key": MeanDice()}, lower_is_better=True)(1.0, 2.0)
    assert not BetterMetric({"key": HausdorffDistance()}, lower_is_better=False)(1.0, 2.0)
    assert BetterMetric()(2.0, 1.0)


@pytest.mark.parametrize("falls", [True, False])
def test_nan_is_never_better_and_any_number_is_better_than_nan(falls):
    better = BetterMetric(lower_is_better=falls)
    assert not better(math.nan, 1.0) and not better(math.nan, math.nan) and better(1.0, math.nan)
