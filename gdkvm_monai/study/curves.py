"""Volume, length, and area curves of a clip: what to draw and in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import Measurements

__all__ = ["Panel", "Values", "curve_panels", "known", "shown_phases", "time_axis"]

TICKS = {"nbins": 4, "steps": [1, 2, 2.5, 5, 10]}

NO_HEART = ("no_ventricle", "volume_range", "field_depth", "mode")
"""Reasons to reject a clip that say that it shows no left ventricle."""

Values = Sequence[float | None]
"""One value per frame, ``None`` if unknown."""


@dataclass(frozen=True)
class Panel:
    """Curves that share a unit.

    Attributes:
        quantity: ``volume``, ``length``, or ``area``.
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
    """Choose the panels: volumes in mL or as a percentage of the maximum, lengths in mm, and areas in cm2 or pixels.

    Args:
        frames: values of every frame.
        structures: names of the structures whose curves to draw.
    """
    volumes = {"LV": frames.lv_volume_ml, "LA": frames.la_volume_ml}
    relative = {"LV": [None if share is None else round(100 * share, 4) for share in frames.lv_volume_relative]}
    lengths = {"LV": frames.lv_length_mm, "LA": frames.la_length_mm}
    in_ml, in_cm2 = any(known(frames.lv_volume_ml)), any(known(frames.area_cm2[name]) for name in structures)
    quantities = (
        ("volume", *(("mL", volumes) if in_ml else ("% of maximum", relative))),
        ("length", "mm", lengths),
        ("area", *(("cm²", frames.area_cm2) if in_cm2 else ("pixels", frames.area_px))),
    )
    panels = [
        _panel(quantity, unit, {name: curves[name] for name in structures if name in curves})
        for quantity, unit, curves in quantities
    ]
    return [panel for panel in panels if panel is not None]


def time_axis(frames: FrameTable) -> tuple[list[float], str]:
    """Return the position of every frame on the time axis and the unit: s, or frame if a time is unknown."""
    times = known(frames.time_s)
    if len(times) < len(frames):
        return [float(frame) for frame in range(len(frames))], "frame"
    return times, "s"


def shown_phases(measurements: Measurements) -> dict[str, tuple[int, ...]]:
    """Return the frames of ``ED`` and ``ES`` to mark; none if the quality check found that no ventricle is shown.

    The extremes of an area are phases only if it is that of a ventricle.
    """
    reasons = measurements.quality.reasons
    absent = any(reason.verdict == "reject" and reason.code in NO_HEART for reason in reasons)
    phases = measurements.phases
    return {"ED": () if absent else phases.ed_frames, "ES": () if absent else phases.es_frames}


def known(values: Values) -> list[float]:
    """Return the values that are known."""
    return [value for value in values if value is not None]


def _panel(quantity: str, unit: str, curves: Mapping[str, Values]) -> Panel | None:
    curves = {name: values for name, values in curves.items() if quantity == "area" or known(values)}
    largest = max((value for values in curves.values() for value in known(values)), default=0)
    if largest <= 0:
        return None
    ticks = MaxNLocator(**TICKS).tick_values(0, largest)
    high = max(1.04 * largest, ticks[-2])
    return Panel(quantity, unit, curves, high, tuple(float(tick) for tick in ticks if 0 <= tick <= high))
