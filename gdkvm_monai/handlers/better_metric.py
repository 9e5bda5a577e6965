"""Which of two values of a key metric is better."""

from __future__ import annotations

import math
from collections.abc import Mapping

from monai import metrics as monai_metrics

__all__ = ["BetterMetric"]

ERRORS = (
    monai_metrics.HausdorffDistanceMetric,
    monai_metrics.SurfaceDistanceMetric,
    monai_metrics.MSEMetric,
    monai_metrics.MAEMetric,
    monai_metrics.RMSEMetric,
    monai_metrics.LossMetric,
)
"""MONAI's metrics that fall as results improve."""


class BetterMetric:
    """Compare two values of a key metric, as ``metric_cmp_fn`` of MONAI's engines.

    A distance, such as ``hd95``, is better if it is lower; by default, MONAI would keep the weights with the highest.
    A value that is NaN is never better than a number.

    Args:
        metrics: metrics by name; the first one is the key metric. Its ``metric_fn`` is one of this package, with
            ``lower_is_better``, or of MONAI.
        lower_is_better: states the direction instead, for any other metric.

    Example:
        >>> better = BetterMetric(lower_is_better=True)
        >>> better(3.0, 4.0), better(4.0, 3.0), better(4.0, float("nan"))
        (True, False, True)
    """

    def __init__(self, metrics: Mapping[str, object] | None = None, lower_is_better: bool | None = None) -> None:
        if lower_is_better is None:
            metric = getattr(next(iter((metrics or {}).values()), None), "metric_fn", None)
            lower_is_better = getattr(metric, "lower_is_better", isinstance(metric, ERRORS))
        self.lower_is_better = bool(lower_is_better)

    def __call__(self, new: float, best: float) -> bool:
        """Return whether ``new`` is better than ``best``."""
        if math.isnan(new) or math.isnan(best):
            return math.isnan(best) and not math.isnan(new)
        return bool(new < best) if self.lower_is_better else bool(new > best)
