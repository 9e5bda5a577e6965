"""Learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from monai.config import PathLike

__all__ = ["plot_learning_curve"]


def plot_learning_curve(series: Mapping[str, Sequence[tuple[int, float]]], path: PathLike, window: int = 20) -> None:
    """Plot the training loss and the validation metrics against the iteration, in one panel each.

    Args:
        series: points ``(iteration, value)`` of each series, by name; ``train_loss`` is drawn in the first panel,
            together with its running mean.
        path: image to write, for example ``learning_curve.png``.
        window: number of iterations in the running mean.
    """
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    loss_axes, metric_axes = figure.subplots(1, 2)
    for name, points in series.items():
        steps, values = np.array(points, dtype=float).reshape(-1, 2).T
        if name != "train_loss":
            metric_axes.plot(steps, values, marker="o", markersize=3, label=name)
            continue
        loss_axes.plot(steps, values, color="0.75", linewidth=0.8, label="each iteration")
        width = min(window, len(values))
        if width > 1:
            mean = np.convolve(values, np.ones(width) / width, mode="valid")
            loss_axes.plot(steps[width - 1 :], mean, color="black", label=f"mean of {width}")
    for axes, label in ((loss_axes, "training loss"), (metric_axes, "validation")):
        axes.set(xlabel="iteration", ylabel=label)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
