"""The contact sheet of a clip: ED and ES with contours above the volume and area curves."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gdkvm_monai.files import atomic_write
from gdkvm_monai.labels import COLORS, STRUCTURES
from gdkvm_monai.study.curves import Panel, curve_panels, time_axis
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import Measurements, PhaseFrames
from gdkvm_monai.visualize.clip_frames import aspect_spacing, contours, picture_size, upright

__all__ = ["write_contact_sheet"]

WIDTH = 8.4
LINES = {"LV": "-", "MYO": "--", "LA": ":"}


def write_contact_sheet(
    path: str | os.PathLike,
    measurements: Measurements,
    frames: FrameTable,
    picture: Callable[[int], np.ndarray],
    mask: Callable[[int], np.ndarray],
) -> None:
    """Write ED and ES of the first beat and the curves of the whole clip to a PNG.

    Without a beat, the sheet shows the frames with the largest and the smallest left ventricle, or only the first frame
    if there is no such pair, and says why. The write is atomic.

    Args:
        path: file to write, ``.png``.
        measurements: measurements of the clip.
        frames: values of every frame.
        picture: gives the frame ``t`` as gray values ``(H, W)``, lateral and depth, uint8.
        mask: gives its class indices ``(H, W)``.
    """
    chosen = _choose(measurements, frames)
    panels = curve_panels(frames, measurements.structures)
    clip = measurements.clip
    spacing_mm = aspect_spacing(clip.spacing_mm, clip.spacing_trust)
    columns, rows = picture_size((clip.lateral_px, clip.depth_px), spacing_mm)
    heights = min(4.4, WIDTH / len(chosen) * rows / columns) + 0.35, max(1.6 * len(panels), 0.01)  # inches
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.95), layout="constrained")
    FigureCanvasAgg(figure)
    top, bottom = figure.subfigures(2, 1, height_ratios=heights)
    figure.suptitle(_title(measurements), fontsize=11, fontweight="bold", parse_math=False)
    for axes, (name, frame) in zip(np.atleast_1d(top.subplots(1, len(chosen))), chosen.items()):
        _draw_frame(axes, (columns, rows), picture(frame), mask(frame))
        axes.set_title(f"{name}, frame {frame}", fontsize=9)
    times, unit = time_axis(frames)
    if panels:
        for axes, panel in zip(np.atleast_1d(bottom.subplots(len(panels), 1, sharex=True)), panels):
            _draw_panel(axes, panel, times, measurements.phases, labeled=panel is panels[0])
        axes.set_xlabel({"s": "time (s)", "frame": "frame"}[unit], fontsize=8)
    reason = measurements.ef_withheld or measurements.phases.reason
    texts = [reason, *measurements.quality.about_weights, measurements.notice]
    figure.supxlabel("\n".join(filter(None, texts)), fontsize=8, wrap=True, parse_math=False)
    with atomic_write(path) as partial:
        figure.savefig(partial, format="png", dpi=120)


def _choose(measurements: Measurements, frames: FrameTable) -> dict[str, int]:
    beat = measurements.first_beat
    if beat is not None:
        return {"End-diastole": beat.ed_frame, "End-systole": beat.es_frame}
    sizes = {frame: size for frame, size in enumerate(frames.area_px["LV"]) if size}
    if len(set(sizes.values())) < 2:
        return {"First frame": 0}
    return {"Largest left ventricle": max(sizes, key=sizes.get), "Smallest left ventricle": min(sizes, key=sizes.get)}


def _title(measurements: Measurements) -> str:
    mean, clip = measurements.mean, measurements.clip
    numbers = [("EF", mean.ef_percent, "%"), ("EDV", mean.edv_ml, "mL"), ("ESV", mean.esv_ml, "mL")]
    texts = [f"{name} {'–' if value is None else f'{value:.0f} {unit}'}" for name, value, unit in numbers]
    frames = f"{clip.frames} frame{'s' * (clip.frames != 1)}"
    training = measurements.training
    assumed = f" ({' or '.join(training.assumed_views)} assumed)" if training.assumed_views else ""
    facts = f"Clip {clip.id}, {clip.view or 'view not stated'}{assumed}, {frames}, weights: {training.domain}"
    return facts + "\n" + "   ".join([*texts, f"quality: {measurements.quality.verdict}"])


def _draw_frame(axes: Axes, size: tuple[int, int], picture: np.ndarray, mask: np.ndarray) -> None:
    axes.imshow(upright(picture, size), cmap="gray", vmin=0, vmax=255, extent=(0, size[0], size[1], 0))
    for name, polygons in reversed(contours(mask, size).items()):
        color = np.array(COLORS[STRUCTURES[name][0]]) / 255
        for points in polygons:
            axes.plot(*points.T, color=color, linewidth=1.4)
    axes.set_axis_off()


def _draw_panel(axes: Axes, panel: Panel, times: Sequence[float], phases: PhaseFrames, labeled: bool) -> None:
    for name, values in panel.curves.items():
        color = np.array(COLORS[STRUCTURES[name][0]]) / 255
        marker = "o" if len(times) == 1 else None
        axes.plot(
            times, np.array(values, float), LINES.get(name, "-"), color=color, linewidth=1.5, marker=marker, label=name
        )
    for name, numbers, style in (("ED", phases.ed_frames, "-"), ("ES", phases.es_frames, "--")):
        for frame in numbers:
            axes.axvline(times[frame], color="0.45", linestyle=style, linewidth=0.8, zorder=0)
            place = {"xycoords": ("data", "axes fraction"), "xytext": (0, 2), "textcoords": "offset points"}
            if labeled and len(numbers) <= 8:
                axes.annotate(name, (times[frame], 1), ha="center", fontsize=7, **place)
    axes.set_ylim(0, panel.high)
    if len(times) == 1:
        axes.set_xticks(times)
    axes.set_ylabel(f"{panel.quantity} ({panel.unit})", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    if len(panel.curves) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
