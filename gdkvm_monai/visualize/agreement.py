"""Bland-Altman and regression plots of a clinical measurement, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.agreement import Agreement, finite_pairs, measure_agreement

POINTS = {"s": 22, "facecolor": "0.45", "edgecolor": "black", "linewidth": 0.6, "alpha": 0.8}


def plot_agreement(
    prediction: ArrayLike, reference: ArrayLike, quantity: str = "EF", unit: str = "%", title: str = ""
) -> Figure:
    """Plot predictions against references with a regression line, next to a Bland-Altman plot of the differences.

    Lines differ in style, not only in color, so the figure is readable in grayscale. The intervals of the bias and of
    both limits of agreement stand beside the points, where they do not cover each other if pairs are few.

    Args:
        prediction: measured values, ``(N,)``; a pair with a missing value is excluded and counted.
        reference: reference values, ``(N,)``.
        quantity: name of the measured quantity, for the axis labels.
        unit: unit of the quantity; the difference of two percentages is in percentage points.
        title: what is compared, for example method, view, and reference.

    Returns:
        A figure with two panels that is not attached to a window; write it with :func:`save_figure`.

    Raises:
        ValueError: if the two differ in length, or no pair is complete.
    """
    agreement = measure_agreement(prediction, reference)
    prediction, reference = finite_pairs(prediction, reference)
    if not agreement.n:
        raise ValueError(f"none of {agreement.n_excluded} pairs is complete; pass at least one pair of finite values.")
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, fontsize=11)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
    _draw_regression(left, prediction, reference, agreement, f"{quantity} ({unit})")
    difference_unit = "percentage points" if unit == "%" else unit
    _draw_differences(right, prediction, reference, agreement, quantity, unit, difference_unit)
    if agreement.n_excluded:
        figure.supxlabel(f"{agreement.n_excluded} of {agreement.n + agreement.n_excluded} pairs are incomplete", size=8)
    return figure


def save_figure(figure: Figure, path: str | PathLike, formats: Sequence[str] = ("png", "svg")) -> list[Path]:
    """Write a figure in several formats.

    Args:
        figure: figure to write.
        path: file to write, without its extension.
        formats: file extensions, each a format that matplotlib supports.

    Returns:
        The files written.
    """
    files = [Path(path).with_name(f"{Path(path).name}.{ending}") for ending in formats]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=200)
    return files


def _draw_regression(axes: Axes, prediction: np.ndarray, reference: np.ndarray, numbers: Agreement, name: str) -> None:
    axes.scatter(reference, prediction, **POINTS)
    low, high = min(reference.min(), prediction.min()), max(reference.max(), prediction.max())
    margin = 0.05 * (high - low) or 1.0
    ends = np.array([low - margin, high + margin])
    axes.plot(ends, ends, color="0.6", linestyle=":", label="identity")
    if np.isfinite(numbers.slope):
        sign = "+" if numbers.intercept >= 0 else "-"
        text = f"y = {numbers.slope:.2f} x {sign} {abs(numbers.intercept):.1f}"
        axes.plot(ends, numbers.intercept + numbers.slope * ends, color="black", label=text)
    axes.set(xlim=ends, ylim=ends, xlabel=f"reference {name}", ylabel=f"predicted {name}")
    axes.set_title(f"n = {numbers.n}, r = {numbers.r:.3f}, MAE = {numbers.mae:.1f}", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=False)
    axes.set_aspect("equal")


def _draw_differences(
    axes: Axes,
    prediction: np.ndarray,
    reference: np.ndarray,
    numbers: Agreement,
    quantity: str,
    unit: str,
    difference_unit: str,
) -> None:
    axes.scatter((prediction + reference) / 2, prediction - reference, **POINTS)
    axes.axhline(0, color="0.6", linestyle=":", zorder=0)
    lines = {
        "-1.96 SD": (numbers.lower_limit, numbers.lower_limit_interval, "--"),
        "bias": (numbers.bias, numbers.bias_interval, "-"),
        "+1.96 SD": (numbers.upper_limit, numbers.upper_limit_interval, "--"),
    }
    for place, (name, (value, interval, style)) in zip((1.04, 1.09, 1.14), lines.items()):
        if np.isfinite(value):
            axes.axhline(value, color="black", linestyle=style, linewidth=1)
            _draw_interval(axes, place, value, interval, name)
    axes.set_xlabel(f"mean of predicted and reference {quantity} ({unit})")
    axes.set_ylabel(f"predicted - reference {quantity} ({difference_unit})")
    axes.set_title(f"n = {numbers.n}, bias = {numbers.bias:+.1f}, SD = {numbers.sd:.1f}", fontsize=10)
    axes.margins(x=0.08, y=0.15)


def _draw_interval(axes: Axes, place: float, value: float, interval: tuple[float, float], name: str) -> None:
    """Draw a value and its 95 % interval to the right of the axes, at ``place`` as a fraction of their width."""
    beside = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    axes.plot([1, place], [value, value], color="0.6", linewidth=0.6, **beside)
    axes.plot([place], [value], color="black", marker="o", markersize=4, **beside)
    text = f"{name}  {value:+.1f}"
    if np.isfinite(interval).all():
        axes.plot([place, place], interval, color="black", marker="_", linewidth=1.4, **beside)
        axes.update_datalim([(0, interval[0]), (0, interval[1])], updatex=False)
        text += f" [{interval[0]:+.1f}, {interval[1]:+.1f}]"
    axes.annotate(text, (1.18, value), xycoords=axes.get_yaxis_transform(), va="center", fontsize=8)
