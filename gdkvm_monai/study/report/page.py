"""The page of the clip report: its template, filled and locked by a content security policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.study.report.tables import (
    LONG_NAMES,
    areas_table,
    beats_table,
    facts,
    key_numbers,
    number,
    provenance_table,
    verdict,
    view_name,
)
from gdkvm_monai.visualize.clip_curves import Panel, curve_panels, curve_svg, time_axis, time_ticks
from gdkvm_monai.visualize.clip_frames import ASSUMED_RATE_HZ
from gdkvm_monai.visualize.overlay import COLORS

__all__ = ["fill_page"]

PICTURES = "<!-- pictures -->"
FILES = Path(__file__).parent


def fill_page(
    measurements: Mapping[str, Any],
    frames: Mapping[str, Sequence],
    provenance: Mapping[str, Any],
    data: str,
    size: tuple[int, int],
    shown: Sequence[int],
    step: int,
    phases: Mapping[str, Sequence[int]],
) -> tuple[str, str]:
    """Return the page before and after its pictures.

    Args:
        measurements: see :func:`~gdkvm_monai.study.report.writer.write_clip_report`.
        frames: likewise.
        provenance: likewise.
        data: JSON for the script.
        size: columns and rows of the pictures.
        shown: frames that are embedded.
        step: every how many-th of the clip's frames they are.
        phases: frames of ``ED`` and ``ES``.
    """
    colors = "".join(f"--{name}: rgb{COLORS[values[0]]}; " for name, values in STRUCTURES.items())
    style = f":root {{ {colors}}}\n" + (FILES / "clip_report.css").read_text(encoding="utf-8")
    script = (FILES / "clip_report.js").read_text(encoding="utf-8")
    stills = _stills(measurements, frames, size)
    fields = {
        "policy": f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "title": f"Clip {escape(str(measurements['clip']['id']))}",
        "notice": escape(measurements["notice"]),
        "view": view_name(measurements["clip"].get("view")),
        "clip_line": _clip_line(measurements, frames),
        "state": "has-stills" if measurements["beats"] else "",
        "key_numbers": key_numbers(measurements),
        "verdict": verdict(measurements["quality"]),
        "width": size[0],
        "height": size[1],
        "last": len(shown) - 1,
        "empty_paths": _empty_paths(),
        "toggles": "".join(_toggle(name) for name in measurements["structures"]),
        "jumps": "".join(_jump(name, numbers) for name, numbers in phases.items() if numbers),
        "sampling": _sampling(frames, shown, step, [*phases["ED"], *phases["ES"]]),
        "curves": _curves(frames, measurements["structures"], phases),
        "phases": stills,
        "beats": beats_table(measurements),
        "facts": facts(measurements),
        "provenance": provenance_table(provenance),
        "data": data,
    }
    template = (FILES / "clip_report.html").read_text(encoding="utf-8")
    head, tail = template.split(PICTURES)
    return Template(head).substitute(fields), Template(tail).substitute(fields)


def beat_frames(beats: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the frames of ED and ES of beats."""
    return [beat[key] for beat in beats for key in ("ed_frame", "es_frame")]


def shown_beat(beats: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the beat whose ED and ES stand side by side: the first with an ejection fraction, or the first."""
    return next((beat for beat in beats if beat.get("ef_percent") is not None), beats[0])


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _clip_line(measurements: Mapping[str, Any], frames: Mapping[str, Sequence]) -> str:
    times, unit = time_axis(frames)
    length = f", {number(times[-1] - times[0], 2, 's')}" if unit == "s" and len(times) > 1 else ""
    count = measurements["clip"]["frames"]
    return f"Clip {escape(str(measurements['clip']['id']))} · {count} frame{'s' * (count != 1)}{length}"


def _empty_paths() -> str:
    names = [
        *list(STRUCTURES)[1:],
        *list(STRUCTURES)[:1],
    ]  # the cavity's border lies on the wall's, so it is drawn last
    return "".join(f'<path class="contour {name}" data-structure="{name}"/>' for name in names)


def _toggle(name: str) -> str:
    name = escape(name)
    return (
        f'<label><input type="checkbox" data-structure="{name}" checked><span class="swatch {name}" aria-hidden="true">'
        f"</span>{LONG_NAMES.get(name, name)}</label>"
    )


def _jump(name: str, numbers: Sequence[int]) -> str:
    return f'<button type="button" data-frame="{int(numbers[0])}" aria-label="Show {name}">{name}</button>'


def _sampling(frames: Mapping[str, Sequence], shown: Sequence[int], step: int, keep: Sequence[int]) -> str:
    count = len(frames["Frame"])
    parts = ["Frames count from 0."]
    if len(shown) < count:
        kept = "and those of ED and ES" if set(keep) <= set(shown) else "and ED and ES of the beat below"
        parts.append(f"{len(shown)} of {count} frames are shown: every {_ordinal(step)} frame, {kept}.")
        parts.append("The curves and numbers are those of all frames.")
    if time_axis(frames)[1] == "frame":
        parts.append(f"The frame time is not known; 1× plays {ASSUMED_RATE_HZ:g} frames per second.")
    return " ".join(parts)


def _ordinal(step: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{step}{'th' if step % 100 in (11, 12, 13) else endings.get(step % 10, 'th')}"


def _curves(frames: Mapping[str, Sequence], structures: Sequence[str], phases: Mapping[str, Sequence[int]]) -> str:
    panels = curve_panels(frames, structures)
    if not panels:
        return '<p class="note">No frame holds a structure, so there is no curve.</p>'
    parts = []
    for index, panel in enumerate(panels):
        first = not index
        parts.append(
            f'<div class="panel{" first" * first}"><div class="panel-head">'
            f"<h3>{panel.title} <small>{panel.unit}</small></h3>"
            f'<div class="legend" aria-hidden="true">{_legend(panel)}</div></div>'
            f'<div class="plot-area">{curve_svg(frames, panel, phases, first)}</div></div>'
        )
    unit = {"s": "time (s)", "frame": "frame"}[time_axis(frames)[1]]
    shaded = sum(not valid for valid in frames["valid"])
    note = f'<p class="note">Shaded: {shaded} frame{"s" * (shaded != 1)} not valid.</p>' if shaded else ""
    return (
        f'{"".join(parts)}<div class="axis-area">{time_ticks(frames)}</div><p class="note axis-title">{unit}</p>{note}'
    )


def _legend(panel: Panel) -> str:
    digits = {"cm²": 1, "mL": 1}.get(panel.unit, 0)
    return "".join(
        f'<span><span class="swatch {name}"></span>{name} '
        f'<output data-column="{column}" data-factor="{panel.factor:g}" data-digits="{digits}">–</output></span>'
        for name, column in panel.columns.items()
    )


def _stills(measurements: Mapping[str, Any], frames: Mapping[str, Sequence], size: tuple[int, int]) -> str:
    """The frames of ED and ES of one beat side by side, or why there are none."""
    beats = measurements["beats"]
    if not beats:
        reason = measurements["phases"].get("reason") or "no beat was found."
        return f'<section aria-labelledby="stills"><h2 id="stills">ED and ES</h2><p>– {escape(reason)}</p></section>'
    beat = shown_beat(beats)
    which = f" of beat {beats.index(beat) + 1} of {len(beats)}" if len(beats) > 1 else ""
    figures = "".join(
        _still(name, key, beat, frames, size) for name, key in (("End-diastole", "ed"), ("End-systole", "es"))
    )
    return (
        f'<section class="ed-es" aria-labelledby="stills"><h2 id="stills">ED and ES{which}</h2>'
        f'<div class="stills">{figures}</div></section>'
    )


def _still(name: str, key: str, beat: Mapping[str, Any], frames: Mapping[str, Sequence], size: tuple[int, int]) -> str:
    frame = int(beat[f"{key}_frame"])
    time = frames["time_s"][frame]
    moment = f"frame {frame}" + (f", {number(time, 2, 's')}" if time is not None else "")
    areas = beat.get(f"{key}_area_cm2") or {}
    texts = {
        structure: (
            number(areas[structure], 1, "cm²")
            if areas.get(structure) is not None
            else number(frames[f"{structure}_px"][frame], 0, "px")
        )
        for structure in STRUCTURES
    }
    volume = beat.get("edv_ml" if key == "ed" else "esv_ml")
    return (
        f'<figure><figcaption><h3>{name}</h3><span class="note">{moment}</span></figcaption>'
        f'<div class="still" data-still="{frame}">'
        f'<img width="{size[0]}" height="{size[1]}" alt="{name}, frame {frame}">'
        f'<svg viewBox="0 0 {size[0]} {size[1]}" aria-hidden="true">{_empty_paths()}</svg></div>'
        f'{areas_table(texts, number(volume, 1, "mL") if volume is not None else "")}</figure>'
    )
