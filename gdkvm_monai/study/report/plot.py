"""The curves of a clip as coordinates, which the template of the report draws as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.ticker import MaxNLocator

from gdkvm_monai.study.curves import Panel, Values, curve_panels, known, time_axis
from gdkvm_monai.study.frame_table import FrameTable

__all__ = ["Mark", "Plot", "Plots", "lay_out_plots", "percent_positions"]

TITLES = {"volume": "Volume", "length": "Length", "area": "Area"}
DIGITS = {"cm²": 1, "mL": 1, "mm": 1}

MOST_MARKS = 40
"""Number of phases above which they become short ticks without names."""

CLOSEST_LABELS_PERCENT = 5.0
"""Distance, in percent of the width, below which the names of two phases would touch."""


@dataclass(frozen=True)
class Mark:
    """A frame of end-diastole or end-systole.

    Attributes:
        name: ``ED`` or ``ES``.
        place: position in percent of the width.
        named: whether the name fits.
    """

    name: str
    place: float
    named: bool


@dataclass(frozen=True)
class Plot:
    """Curves that share a unit.

    Attributes:
        title: quantity that is drawn.
        unit: unit of the values.
        digits: decimals of a value in the legend.
        high: value at the upper end.
        grid: position in percent of the height, and value, of every horizontal line.
        values: one value per frame for each structure.
        paths: SVG path of each structure on a field of 1000 x 1000; frames without a value part it.
        ranges: smallest and largest value of each structure, in words.
    """

    title: str
    unit: str
    digits: int
    high: float
    grid: list[tuple[float, float]]
    values: Mapping[str, Values]
    paths: Mapping[str, str]
    ranges: str


@dataclass(frozen=True)
class Plots:
    """All plots of a clip and the time axis below them; positions and widths are in percent of the width.

    Attributes:
        plots: plots from top to bottom; empty if no frame shows a structure.
        ticks: position and value of each label of the axis.
        invalid: start and width of every run of invalid frames.
        invalid_frames: number of invalid frames.
        marks: marks of end-diastole and end-systole.
        crowded: whether there are too many marks to draw them at full height.
    """

    plots: list[Plot]
    ticks: list[tuple[float, float]]
    invalid: list[tuple[float, float]]
    invalid_frames: int
    marks: list[Mark]
    crowded: bool


def lay_out_plots(frames: FrameTable, structures: Sequence[str], phases: Mapping[str, Sequence[int]]) -> Plots:
    """Lay out the curves of a clip.

    Args:
        frames: values of every frame.
        structures: names of the structures to draw.
        phases: frames of ``ED`` and of ``ES``.
    """
    times, unit = time_axis(frames)
    percent = percent_positions(times)
    crowded = sum(map(len, phases.values())) > MOST_MARKS
    return Plots(
        plots=[_plot(panel, percent) for panel in curve_panels(frames, structures)],
        ticks=_time_ticks(times, integer=unit == "frame"),
        invalid=_invalid(frames.valid, percent),
        invalid_frames=sum(not valid for valid in frames.valid),
        marks=_marks(percent, phases, crowded),
        crowded=crowded,
    )


def percent_positions(times: Sequence[float]) -> list[float]:
    """Scale times to 0 to 100; a single one is placed in the middle."""
    span = times[-1] - times[0]
    return [100 * (time - times[0]) / span if span else 50.0 for time in times]


def _plot(panel: Panel, percent: Sequence[float]) -> Plot:
    measured = {name: known(values) for name, values in panel.curves.items()}
    ranges = [f"{name} {min(values):.4g} to {max(values):.4g}" for name, values in measured.items() if values]
    return Plot(
        title=TITLES[panel.quantity],
        unit=panel.unit,
        digits=DIGITS.get(panel.unit, 0),
        high=panel.high,
        grid=[(100 - 100 * tick / panel.high, tick) for tick in panel.ticks],
        values=panel.curves,
        paths={name: _path(percent, values, panel.high) for name, values in panel.curves.items()},
        ranges=", ".join(ranges),
    )


def _path(percent: Sequence[float], values: Values, high: float) -> str:
    """Draw lines through the known values; a value between unknown ones becomes a dot."""
    steps, pen_down = [], False
    for x, value in zip(percent, values):
        if value is not None:
            point = f"{10 * x:.1f} {1000 - 1000 * value / high:.1f}"
            steps.append(f"L{point}" if pen_down else f"M{point}h0")
        pen_down = value is not None
    return "".join(steps)


def _time_ticks(times: Sequence[float], integer: bool) -> list[tuple[float, float]]:
    start, end = times[0], times[-1]
    if start == end:
        return [(50.0, start)]
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10], integer=integer).tick_values(start, end)
    return [(100 * (tick - start) / (end - start), float(tick)) for tick in ticks if start <= tick <= end]


def _invalid(valid: Sequence[bool], percent: Sequence[float]) -> list[tuple[float, float]]:
    half = 50 / max(len(percent) - 1, 1)
    stretches = []
    for is_valid, neighbors in groupby(zip(valid, percent), key=lambda frame: frame[0]):
        if not is_valid:
            places = [place for _, place in neighbors]
            start, end = max(places[0] - half, 0), min(places[-1] + half, 100)
            stretches.append((start, end - start))
    return stretches


def _marks(percent: Sequence[float], phases: Mapping[str, Sequence[int]], crowded: bool) -> list[Mark]:
    marks, last = [], -CLOSEST_LABELS_PERCENT
    for place, name in sorted((percent[frame], name) for name, numbers in phases.items() for frame in numbers):
        named = not crowded and place - last >= CLOSEST_LABELS_PERCENT
        last = place if named else last
        marks.append(Mark(name, place, named))
    return marks
