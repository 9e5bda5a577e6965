"""Volume and areas of a clip over time: what to draw, and drawn as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from matplotlib.ticker import MaxNLocator

__all__ = ["Panel", "curve_panels", "curve_svg", "time_axis"]

TICKS = {"nbins": 4, "steps": [1, 2, 2.5, 5, 10]}
MOST_MARKS = 40
"""Phases beyond which they are short ticks without names."""

CLOSEST_LABELS = 5.0
"""Share of the width, in percent, within which the names of two phases would touch."""


@dataclass(frozen=True)
class Panel:
    """One drawing of curves that share a unit.

    Attributes:
        title: what is drawn.
        unit: its unit, empty for none.
        columns: structure and column of the table of frames, of every curve.
        high: upper end of the axis, which begins at 0.
        ticks: values on the axis.
        factor: by which a value of the table is multiplied.
    """

    title: str
    unit: str
    columns: Mapping[str, str]
    high: float
    ticks: tuple[float, ...]
    factor: float = 1.0


def curve_panels(frames: Mapping[str, Sequence], structures: Sequence[str]) -> list[Panel]:
    """Choose what can be drawn: volume in mL or relative to the largest, and areas in cm2 or in pixels.

    Args:
        frames: columns of one clip, see :func:`~gdkvm_monai.study.report.writer.write_clip_report`.
        structures: names of the structures.
    """
    areas = "cm2" if any(_known(frames[f"{name}_cm2"]) for name in structures) else "px"
    choices = [
        ("Left ventricular volume", "mL", {"LV": "LV_volume_ml"}, 1.0),
        ("Left ventricular volume", "% of the largest", {"LV": "LV_volume_relative"}, 100.0),
        ("Area", {"cm2": "cm²", "px": "pixels"}[areas], {name: f"{name}_{areas}" for name in structures}, 1.0),
    ]
    panels = []
    for title, unit, columns, factor in choices:
        values = [factor * value for column in columns.values() for value in _known(frames[column])]
        if values and max(values) > 0 and title not in [panel.title for panel in panels]:
            ticks = MaxNLocator(**TICKS).tick_values(0, max(values))
            high = max(1.04 * max(values), ticks[-2])
            panels.append(Panel(title, unit, columns, high, tuple(t for t in ticks if 0 <= t <= high), factor))
    return panels


def time_axis(frames: Mapping[str, Sequence]) -> tuple[list[float], str]:
    """Return the position of every frame on the axis of time, and its unit: s, or frame where a time is unknown."""
    times = frames["time_s"]
    if any(time is None for time in times):
        return [float(frame) for frame in frames["Frame"]], "frame"
    return [float(time) for time in times], "s"


def curve_svg(frames: Mapping[str, Sequence], panel: Panel, phases: Mapping[str, Sequence[int]], labeled: bool) -> str:
    """Draw one panel as SVG that fills its parent's width; a script moves the elements of class ``cursor`` and ``dot``.

    Args:
        frames: columns of one clip.
        panel: what to draw.
        phases: frames of ``ED`` and ``ES``.
        labeled: whether the phases are named above the panel and the axis of time below it.
    """
    percent = percent_positions(time_axis(frames)[0])
    parts = [
        f'<rect class="invalid" x="{x:.2f}%" width="{w:.2f}%" height="100%"/>' for x, w in _invalid(frames, percent)
    ]
    for tick in panel.ticks:
        y = f"{100 - 100 * tick / panel.high:.2f}%"
        parts.append(f'<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="-8" y="{y}" dy="0.32em" text-anchor="end">{tick:g}</text>')
    parts += _phase_marks(percent, phases, labeled)
    parts.append('<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">')
    for name, column in panel.columns.items():
        heights = [None if v is None else 1000 - 1000 * panel.factor * v / panel.high for v in frames[column]]
        parts.append(f'<path class="curve {name}" d="{_path(percent, heights)}"/>')
    parts.append('</svg><line class="hover" y1="0" y2="100%" visibility="hidden"/>')
    parts.append('<line class="cursor" y1="0" y2="100%" visibility="hidden"/>')
    for name, column in panel.columns.items():
        scale = panel.factor / panel.high
        parts.append(
            f'<circle class="dot {name}" r="4" data-column="{column}" data-scale="{scale:.8g}" visibility="hidden"/>'
        )
    label = escape(f"{panel.title} ({panel.unit}) over time: {_describe(frames, panel)}")
    return f'<svg class="plot" role="img" aria-label="{label}" width="100%" height="100%">{"".join(parts)}</svg>'


def time_ticks(frames: Mapping[str, Sequence]) -> str:
    """Draw the axis of time as SVG that fills its parent's width."""
    times, unit = time_axis(frames)
    ticks = MaxNLocator(6, steps=[1, 2, 5, 10], integer=unit == "frame").tick_values(times[0], times[-1])
    percent = percent_positions(times)
    span = (times[-1] - times[0]) or 1
    shown = [(100 * (t - times[0]) / span, t) for t in ticks if times[0] <= t <= times[-1] and len(times) > 1]
    shown = shown or [(percent[0], times[0])]
    texts = [f'<text class="tick" x="{x:.2f}%" y="14" text-anchor="middle">{t:g}</text>' for x, t in shown]
    return f'<svg class="axis" aria-hidden="true" width="100%" height="18">{"".join(texts)}</svg>'


def percent_positions(times: Sequence[float]) -> list[float]:
    """Spread times over 0 to 100; one alone stands in the middle."""
    span = times[-1] - times[0]
    return [100 * (time - times[0]) / span if span else 50.0 for time in times]


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _describe(frames: Mapping[str, Sequence], panel: Panel) -> str:
    ranges = []
    for name, column in panel.columns.items():
        values = [panel.factor * value for value in _known(frames[column])]
        if values:
            ranges.append(f"{name} {min(values):.4g} to {max(values):.4g}")
    return ", ".join(ranges)


def _path(percent: Sequence[float], heights: Sequence[float | None]) -> str:
    """Lines through the known values; one between unknown ones becomes a dot."""
    steps, pen_down = [], False
    for x, y in zip(percent, heights):
        if y is not None:
            steps.append(f"{'L' if pen_down else 'M'}{10 * x:.1f} {y:.1f}" + ("" if pen_down else "h0"))
        pen_down = y is not None
    return "".join(steps)


def _invalid(frames: Mapping[str, Sequence], percent: Sequence[float]) -> list[tuple[float, float]]:
    """Left ends and widths of the stretches of frames that are not valid, joined where they are neighbors."""
    half = 50 / max(len(percent) - 1, 1)
    stretches: list[list[float]] = []
    previous = None
    for index, (x, valid) in enumerate(zip(percent, frames["valid"])):
        if not valid:
            if stretches and previous == index - 1:
                stretches[-1][1] = min(x + half, 100)
            else:
                stretches.append([max(x - half, 0), min(x + half, 100)])
            previous = index
    return [(start, end - start) for start, end in stretches]


def _phase_marks(percent: Sequence[float], phases: Mapping[str, Sequence[int]], labeled: bool) -> list[str]:
    marks = sorted((percent[frame], name) for name, numbers in phases.items() for frame in numbers)
    many = len(marks) > MOST_MARKS
    end = "6" if many else "100%"
    parts, last = [], -100.0
    for x, name in marks:
        parts.append(f'<line class="phase {name}" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{end}"/>')
        if labeled and not many and x - last >= CLOSEST_LABELS:
            parts.append(f'<text class="phase-name" x="{x:.2f}%" y="-6" text-anchor="middle">{name}</text>')
            last = x
    return parts
