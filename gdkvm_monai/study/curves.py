"""Volume and area curves of a clip: what to draw and in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from gdkvm_monai.study.frame_table import FrameTable

__all__ = ["Panel", "Values", "curve_panels", "known", "time_axis"]

TICKS = {"nbins": 4, "steps": [1, 2, 2.5, 5, 10]}

Values = Sequence[float | None]
"""One value per frame, ``None`` if unknown."""


@dataclass(frozen=True)
class Panel:
    """Curves that share a unit.

    Attributes:
        quantity: ``volume`` or ``area``.
        unit: unit of the values.
        curves: values of each structure.
        high: upper end of the axis, which begins at 0.
        ticks: values on the axis.
    """

    quantity: str
    unit: str
    curves: Mapping[str, Values]
    high: float
    ticks: tuple[float, ...]


def curve_panels(frames: FrameTable, structures: Sequence[str]) -> list[Panel]:
    """Choose the panels: volume in mL or as a percentage of its maximum, and areas in cm2 or pixels.

    Args:
        frames: values of every frame.
        structures: names of the structures whose areas to draw.
    """
    volume_percent = [None if share is None else round(100 * share, 4) for share in frames.lv_volume_relative]
    in_ml, in_cm2 = any(known(frames.lv_volume_ml)), any(known(frames.area_cm2[name]) for name in structures)
    areas = frames.area_cm2 if in_cm2 else frames.area_px
    panels = [
        (
            _panel("volume", "mL", {"LV": frames.lv_volume_ml})
            if in_ml
            else _panel("volume", "% of maximum", {"LV": volume_percent})
        ),
        _panel("area", "cm²" if in_cm2 else "pixels", {name: areas[name] for name in structures}),
    ]
    return [panel for panel in panels if panel is not None]


def time_axis(frames: FrameTable) -> tuple[list[float], str]:
    """Return the position of every frame on the time axis and the unit: s, or frame if a time is unknown."""
    times = known(frames.time_s)
    if len(times) < len(frames):
        return [float(frame) for frame in range(len(frames))], "frame"
    return times, "s"


def known(values: Values) -> list[float]:
    """Return the values that are known."""
    return [value for value in values if value is not None]


def _panel(quantity: str, unit: str, curves: Mapping[str, Values]) -> Panel | None:
    largest = max((value for values in curves.values() for value in known(values)), default=0)
    if largest <= 0:
        return None
    ticks = MaxNLocator(**TICKS).tick_values(0, largest)
    high = max(1.04 * largest, ticks[-2])
    return Panel(quantity, unit, curves, high, tuple(float(tick) for tick in ticks if 0 <= tick <= high))
