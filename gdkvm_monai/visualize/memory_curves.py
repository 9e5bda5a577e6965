"""Gates, their gradients, and the state of the memory over training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from monai.config import PathLike

__all__ = ["BANDS", "plot_memory_curves"]

Series = Mapping[str, Sequence[tuple[int, float]]]

BANDS = ((0.0, 1.0), (0.05, 0.95), (0.25, 0.75))
"""Pairs of quantiles between which a distribution is shaded, widest first; the median is a line."""


def plot_memory_curves(series: Series, path: PathLike) -> None:
    """Plot distributions of the gates and of their gradients, their correlation, and the state against the iteration.

    Args:
        series: points ``(iteration, value)`` by name: quantiles of each distribution, such as ``"alpha q0.05"`` and
            ``"alpha gradient q0.05"``, ``"correlation"``, and ``"effective rank, first frame"`` and ``last frame``,
            ``"norm, first frame"`` and ``last frame``. A panel without points says so.
        path: image to write, for example ``memory_curves.png``.
    """
    figure = Figure(figsize=(12, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 3)
    for column, gate in enumerate(("alpha", "beta")):
        _fan(axes[0, column], series, gate, gate)
        axes[0, column].set_ylim(-0.02, 1.02)
        _fan(axes[1, column], series, f"{gate} gradient", f"gradient of {gate}")
        axes[1, column].set_yscale("symlog", linthresh=1e-6)
    _lines(axes[0, 2], series, "effective rank", "effective rank of the state", "upper left")
    norms = axes[0, 2].twinx()
    _lines(norms, series, "norm", "its Frobenius norm", "lower right", linestyle=":")
    norms.set_yscale("log")
    _lines(axes[1, 2], series, "correlation", "correlation of the gradients")
    axes[1, 2].set_ylim(-1.05, 1.05)
    for axis in axes.flat:
        axis.set_xlabel("iteration")
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def _fan(axes: Axes, series: Series, name: str, label: str) -> None:
    """Shade the bands of a distribution and draw its median."""
    axes.set_ylabel(label)
    if not series.get(f"{name} q0.5"):
        _say_none(axes)
        return
    for low, high in BANDS:
        steps, lower, upper = (*_points(series[f"{name} q{low:g}"]), _points(series[f"{name} q{high:g}"])[1])
        axes.fill_between(
            steps, lower, upper, color="tab:blue", alpha=0.2, linewidth=0, label=f"{low:.0%} to {high:.0%}"
        )
    axes.plot(*_points(series[f"{name} q0.5"]), color="tab:blue", label="median")
    axes.legend(frameon=False, fontsize="small")


def _lines(axes: Axes, series: Series, start: str, label: str, legend: str = "best", **style) -> None:
    """Draw all series whose names start alike."""
    axes.set_ylabel(label)
    found = {name: points for name, points in series.items() if name.startswith(start) and points}
    for name, points in found.items():
        axes.plot(*_points(points), label=name, **style)
    if len(found) > 1:
        axes.legend(frameon=False, fontsize="small", loc=legend)
    if not found:
        _say_none(axes)


def _say_none(axes: Axes) -> None:
    axes.text(0.5, 0.5, "nothing recorded", transform=axes.transAxes, ha="center", color="0.5")


def _points(points: Sequence[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    steps, values = np.array(points, dtype=float).reshape(-1, 2).T
    return steps, values
