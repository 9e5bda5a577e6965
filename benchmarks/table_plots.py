"""Plots of the tables: the scores of every training, and the course of the memories over training."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.camus_stills import scores_of

NORMALIZED, LITERAL = ", normalized keys", ", literal keys"
"""Ends of the labels of Table 4; rows with the same rule have the same color."""


def plot_scores(runs: Mapping[str, Sequence[Path]], path: Path) -> None:
    """Plot the LV Dice of every training, a point each, with the mean of each row."""
    figure = Figure(figsize=(7, 1 + 0.35 * len(runs)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, (name, folders) in enumerate(runs.items()):
        scores = [scores_of(folder)["LV", None, "dice"] for folder in folders]
        axes.plot(scores, [place] * len(scores), "o", color="tab:blue", alpha=0.6)
        axes.plot(sum(scores) / len(scores), place, "|", color="black", markersize=14)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.invert_yaxis()
    axes.set_xlabel("Dice of the left ventricle; the line is the mean")
    axes.grid(alpha=0.3, axis="x")
    figure.savefig(path, dpi=110)


def plot_memories(tables: Mapping[str, Path], path: Path) -> None:
    """Plot effective rank and norm of the state after the last frame over training, a line for each row."""
    if not tables:
        return
    figure = Figure(figsize=(11, 4), layout="constrained")
    FigureCanvasAgg(figure)
    kinds = {label: label.removesuffix(LITERAL).removesuffix(NORMALIZED) for label in tables}
    colors = {kind: f"C{number}" for number, kind in enumerate(dict.fromkeys(kinds.values()))}
    for axes, name in zip(figure.subplots(1, 2), ("effective rank", "norm")):
        for label, file in tables.items():
            with open(file, newline="") as lines:
                points = [row for row in csv.DictReader(lines) if row["series"] == f"{name}, last frame"]
            steps, values = [int(row["iteration"]) for row in points], [float(row["value"]) for row in points]
            style = "--" if label.endswith(LITERAL) else "-"
            axes.plot(steps, values, label=label, color=colors[kinds[label]], linestyle=style)
        axes.set(xlabel="iteration", ylabel=f"{name} of the state after the last frame")
        axes.grid(alpha=0.3)
    axes.set_yscale("log")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize="small")
    figure.savefig(path, dpi=110)
