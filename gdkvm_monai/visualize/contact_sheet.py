"""One clip on one sheet: its frames of ED and ES with contours, above the curves of volume and area."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gdkvm_monai.files import replace_file
from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.visualize.clip_curves import Panel, curve_panels, time_axis
from gdkvm_monai.visualize.clip_frames import aspect_spacing, contours, picture_size, upright
from gdkvm_monai.visualize.overlay import COLORS

__all__ = ["write_contact_sheet"]

WIDTH = 8.4
LINES = {"LV": "-", "MYO": "--", "LA": ":"}


def write_contact_sheet(
    path: str | os.PathLike,
    measurements: Mapping[str, Any],
    frames: Mapping[str, Sequence],
    picture: Callable[[int], np.ndarray],
    mask: Callable[[int], np.ndarray],
) -> None:
    """Write ED and ES of the first beat and the curves of the whole clip as a PNG.

    Without a beat the frames of the largest and the smallest left ventricle stand in their place, or the first frame
    alone where there is no such pair, and the sheet says why. The file takes its place when it is complete.

    Args:
        path: picture to write, ``.png``.
        measurements: numbers of the clip, as for :func:`~gdkvm_monai.study.report.writer.write_clip_report`.
        frames: columns of the clip, likewise.
        picture: gives the frame ``t`` as gray values ``(H, W)``, lateral and depth, uint8.
        mask: gives its class indices ``(H, W)``.
    """
    chosen = _choose(measurements, frames)
    panels = curve_panels(frames, measurements["structures"])
    clip = measurements["clip"]
    columns, rows = picture_size((clip["lateral_px"], clip["depth_px"]), aspect_spacing(clip))
    heights = min(4.4, WIDTH / len(chosen) * rows / columns) + 0.35, max(1.6 * len(panels), 0.01)  # inches
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.95), layout="constrained")
    FigureCanvasAgg(figure)
    top, bottom = figure.subfigures(2, 1, height_ratios=heights)
    figure.suptitle(_title(measurements), fontsize=11, fontweight="bold", parse_math=False)
    for axes, (name, frame) in zip(np.atleast_1d(top.subplots(1, len(chosen))), chosen.items()):
        _draw_frame(axes, (columns, rows), picture(frame), mask(frame))
        axes.set_title(f"{name}, frame {frame}", fontsize=9)
    if panels:
        for axes, panel in zip(np.atleast_1d(bottom.subplots(len(panels), 1, sharex=True)), panels):
            _draw_panel(axes, panel, frames, measurements["phases"], labeled=panel is panels[0])
        axes.set_xlabel({"s": "time (s)", "frame": "frame"}[time_axis(frames)[1]], fontsize=8)
    reason = measurements.get("ef_withheld") or measurements["phases"].get("reason")
    figure.supxlabel("\n".join(filter(None, [reason, measurements["notice"]])), fontsize=8, wrap=True, parse_math=False)
    with replace_file(path) as partial:
        figure.savefig(partial, format="png", dpi=120)


def _choose(measurements: Mapping[str, Any], frames: Mapping[str, Sequence]) -> dict[str, int]:
    if measurements["beats"]:
        beat = measurements["beats"][0]
        return {"End-diastole": beat["ed_frame"], "End-systole": beat["es_frame"]}
    sizes = {frame: size for frame, size in enumerate(frames["LV_px"]) if size}
    if len(set(sizes.values())) < 2:
        return {"First frame": 0}
    return {"Largest left ventricle": max(sizes, key=sizes.get), "Smallest left ventricle": min(sizes, key=sizes.get)}


def _title(measurements: Mapping[str, Any]) -> str:
    mean, clip = measurements.get("mean") or {}, measurements["clip"]
    numbers = [("EF", "ef_percent", "%"), ("EDV", "edv_ml", "mL"), ("ESV", "esv_ml", "mL")]
    texts = [f"{name} {'–' if mean.get(key) is None else f'{mean[key]:.0f} {unit}'}" for name, key, unit in numbers]
    frames = f"{clip['frames']} frame{'s' * (clip['frames'] != 1)}"
    title = f"Clip {clip['id']}, {clip.get('view') or 'view not stated'}, {frames}\n"
    title += "   ".join([*texts, f"quality: {measurements['quality']['verdict']}"])
    return title


def _draw_frame(axes: Axes, size: tuple[int, int], picture: np.ndarray, mask: np.ndarray) -> None:
    axes.imshow(upright(picture, size), cmap="gray", vmin=0, vmax=255, extent=(0, size[0], size[1], 0))
    for name, polygons in reversed(contours(mask, size).items()):
        color = np.array(COLORS[STRUCTURES[name][0]]) / 255
        for points in polygons:
            axes.plot(*points.T, color=color, linewidth=1.4)
    axes.set_axis_off()


def _draw_panel(
    axes: Axes, panel: Panel, frames: Mapping[str, Sequence], phases: Mapping[str, Any], labeled: bool
) -> None:
    times, _ = time_axis(frames)
    for name, column in panel.columns.items():
        values = panel.factor * np.array([np.nan if value is None else value for value in frames[column]], float)
        color = np.array(COLORS[STRUCTURES[name][0]]) / 255
        marker = "o" if len(times) == 1 else None
        axes.plot(times, values, LINES.get(name, "-"), color=color, linewidth=1.5, marker=marker, label=name)
    for key, style in (("ed_frames", "-"), ("es_frames", "--")):
        for frame in phases[key]:
            axes.axvline(times[frame], color="0.45", linestyle=style, linewidth=0.8, zorder=0)
            place = {"xycoords": ("data", "axes fraction"), "xytext": (0, 2), "textcoords": "offset points"}
            if labeled and len(phases[key]) <= 8:
                axes.annotate(key[:2].upper(), (times[frame], 1), ha="center", fontsize=7, **place)
    axes.set_ylim(0, panel.high)
    if len(times) == 1:
        axes.set_xticks(times)
    axes.set_ylabel(f"{'volume' if 'volume' in panel.title else 'area'} ({panel.unit})", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    if len(panel.columns) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
