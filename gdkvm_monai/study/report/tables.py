"""Words and tables of the clip report: every number with its unit, every missing one with its reason, all escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["DASH", "areas_table", "beats_table", "facts", "key_numbers", "number", "provenance_table", "verdict"]

DASH = "–"
VIEWS = {"2CH": "Apical two-chamber view", "4CH": "Apical four-chamber view"}
VERDICTS = {"good": ("✓", "Good"), "check": ("!", "Check"), "reject": ("✕", "Reject")}
VOLUMES = {"edv_ml": "EDV", "esv_ml": "ESV", "sv_ml": "SV"}
MOST_BEATS = 12
"""Beats that are listed one by one."""

LONG_NAMES = {"LV": "Left ventricle", "MYO": "Myocardium", "LA": "Left atrium"}

Numbers = Mapping[str, Any]


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """Write a number with its unit, or an en dash.

    Example:
        >>> number(57.24, 1), number(12345, 0), number(None)
        ('57.2', '12\u202f345', '–')
    """
    if value is None:
        return DASH
    return f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−") + (f"\u00a0{unit}" if unit else "")


def span(interval: Sequence[float | None] | None, digits: int = 1, unit: str = "") -> str:
    """Write an interval, or an en dash."""
    if not interval or None in interval:
        return DASH
    low, high = (number(value, digits) for value in interval)
    return f"{low}–<wbr>{high}" + (f"\u00a0{unit}" if unit else "")


def view_name(view: str | None) -> str:
    """Return the name of a view for a reader, escaped."""
    return escape(VIEWS.get(view, f"View {view}" if view else "View not stated"))


def missing(measurements: Numbers, key: str) -> str:
    """Return why the mean of ``key`` is unknown: a sentence, not escaped."""
    trust = measurements["clip"].get("spacing_trust")
    no_beat = measurements["phases"].get("reason")
    if key == "heart_rate_bpm":
        return no_beat or "the heart rate needs two end-diastoles and a known frame time."
    if key == "ef_percent":
        return measurements.get("ef_withheld") or no_beat or "the ejection fraction was not measured."
    if no_beat:
        return measurements.get("ef_withheld") or no_beat
    if trust != "ok":
        return f"the spacing of the pixels is {trust or 'absent'}, so nothing is given in cm or mL."
    return measurements.get("ef_withheld") or "the volumes were not measured."


def key_numbers(measurements: Numbers) -> str:
    """Lay out the ejection fraction, the volumes and the heart rate as HTML."""
    mean = measurements.get("mean") or {}
    values = {
        "edv_ml": ("EDV", mean.get("edv_ml"), "mL"),
        "esv_ml": ("ESV", mean.get("esv_ml"), "mL"),
        "sv_ml": ("Stroke volume", mean.get("sv_ml"), "mL"),
        "heart_rate_bpm": ("Heart rate", measurements["phases"].get("heart_rate_bpm"), "/min"),
    }
    cells = "".join(
        f"<div><dt>{name}</dt><dd>{_large(value, unit)}</dd></div>" for name, value, unit in values.values()
    )
    reasons = dict.fromkeys(missing(measurements, key) for key, (_, value, _) in values.items() if value is None)
    notes = "".join(f'<p class="note">{DASH} {escape(reason)}</p>' for reason in reasons)
    return (
        '<div class="ef"><h2 id="summary">Ejection fraction</h2>'
        f'<p class="ef-value">{_large(mean.get("ef_percent"), "%")}</p>'
        f'<p class="ef-detail">{_ef_detail(measurements)}</p></div>'
        f'<div class="volumes"><dl>{cells}</dl>{notes}</div>'
    )


def _large(value: float | None, unit: str) -> str:
    return number(value, 0) + (f"<small>&nbsp;{unit}</small>" if value is not None else "")


def _ef_detail(measurements: Numbers) -> str:
    """Interval, beats and spread of the ejection fraction, or why there is none."""
    mean, interval = measurements.get("mean") or {}, measurements.get("interval") or {}
    if mean.get("ef_percent") is None:
        return escape(missing(measurements, "ef_percent"))
    lines = [f"Interval {span(interval['ef_percent'])}&nbsp;%"] if interval.get("ef_percent") else []
    if (mean.get("n_beats") or 0) > 1:
        spread = f", SD {number(mean['ef_sd_percent'])}&nbsp;%" if mean.get("ef_sd_percent") is not None else ""
        lines.append(f"Mean of {mean['n_beats']} beats{spread}")
    return "<br>".join(lines)


def verdict(quality: Numbers) -> str:
    """Lay out the verdict on the quality, with its reasons, as HTML."""
    name = quality["verdict"]
    symbol, word = VERDICTS.get(name, ("?", str(name)))
    reasons = "".join(f"<li>{escape(_sentence(reason['message']))}</li>" for reason in quality.get("reasons") or [])
    reasons = f"<ul>{reasons}</ul>" if reasons else "<p>Nothing was found that speaks against the clip.</p>"
    kind = name if name in VERDICTS else "check"
    return (
        f'<div class="verdict {kind}"><h2><span class="symbol" aria-hidden="true">{symbol}</span>'
        f"Quality: {escape(word)}</h2>{reasons}</div>"
    )


def beats_table(measurements: Numbers) -> str:
    """Lay out volumes and ejection fraction of every beat, their mean and their interval as HTML."""
    mean, interval = measurements.get("mean") or {}, measurements.get("interval") or {}
    keys = [*VOLUMES, "ef_percent"]
    heads = "".join(f'<th scope="col">{name}<small>{unit}</small></th>' for name, unit in _columns())
    beats = measurements["beats"]
    rows = [_beat_row(index, beat, keys) for index, beat in enumerate(beats[:MOST_BEATS], start=1)]
    if len(beats) > MOST_BEATS:
        rows.append(
            f'<tr><td colspan="7" class="more">{len(beats) - MOST_BEATS} more beats: measurements.json</td></tr>'
        )
    cells = "".join(f"<td>{number(mean.get(key))}</td>" for key in keys)
    rows.append(f'<tr class="mean"><th scope="row" colspan="3">Mean</th>{cells}</tr>')
    cells = "".join(f"<td>{span(interval.get(key))}</td>" for key in keys)
    rows.append(f'<tr><th scope="row" colspan="3">Interval</th>{cells}</tr>')
    cells = f'<td colspan="3"></td><td>{number(mean.get("ef_sd_percent"))}</td>'
    rows.append(f'<tr><th scope="row" colspan="3">SD between beats</th>{cells}</tr>')
    notes = dict.fromkeys(missing(measurements, key) for key in keys if mean.get(key) is None)
    if mean.get("ef_percent") is not None and mean.get("ef_sd_percent") is None:
        notes["the SD needs two beats or more."] = None
    if mean.get("ef_percent") is None:
        pass
    elif interval.get("ef_percent") is None:
        notes["no interval was computed."] = None
    elif interval.get("sv_ml") is None:
        notes["no interval of the stroke volume is computed."] = None
    notes_html = "".join(f"<li>{DASH} {escape(note)}</li>" for note in notes)
    return (
        f'<table class="beats"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
        f'<ul class="note">{notes_html}</ul>'
    )


def areas_table(areas: Mapping[str, str], volume: str) -> str:
    """Lay out what was measured in one frame as HTML: the volume, and each structure with its area as text."""
    rows = f"<div><dt>Volume</dt><dd>{volume}</dd></div>" if volume else ""
    for name, text in areas.items():
        swatch = f'<span class="swatch {escape(name)}" aria-hidden="true"></span>'
        rows += f"<div><dt>{swatch}{escape(LONG_NAMES.get(name, name))}</dt><dd>{text}</dd></div>"
    return f"<dl>{rows}</dl>"


def facts(measurements: Numbers) -> str:
    """Lay out how the numbers came about, and what is known of the clip, as HTML."""
    clip, method = measurements["clip"], measurements["method"]
    interval, confidence = measurements.get("interval") or {}, measurements.get("confidence") or {}
    heart_rate = measurements["phases"].get("heart_rate_bpm")
    why = f" {missing(measurements, 'heart_rate_bpm')}" if heart_rate is None else ""
    meaning = interval.get("method") or "not computed"
    trust = confidence.get("method") or "not computed"
    if confidence.get("mean") is not None:
        trust = f"Mean {number(confidence['mean'], 3)}, lowest {number(confidence.get('min'), 3)}: {trust}"
    else:
        trust = f"{DASH} {trust}"
    cut = "; the file is cut short" if clip.get("partial") else ""
    pairs = {
        "Method": f"{_sentence(method['description'])} ({method['id']})",
        "Interval": _sentence(meaning) if interval.get("ef_percent") else f"{DASH} {meaning}",
        "Confidence": trust,
        "Heart rate": number(heart_rate, 0, "/min") + why,
        "Frame rate": _frame_rate(clip),
        "Frames": f"{clip['frames']}, of them {clip['valid_frames']} valid{cut}",
        "Picture": f"{clip['lateral_px']} × {clip['depth_px']} pixels (lateral × depth), "
        f"{clip.get('mode') or 'mode not stated'}",
        "Pixel spacing": _spacing(clip),
    }
    return _pairs({name: escape(text) for name, text in pairs.items()})


def _frame_rate(clip: Numbers) -> str:
    rate, time = clip.get("frame_rate_hz"), clip.get("frame_time_ms")
    if rate is None and time is None:
        return f"{DASH} the file states no frame time"
    each = f", {number(time, 1, 'ms')} a frame" if time is not None else ""
    return f"{number(rate, 1, 'Hz')}{each} ({clip.get('frame_time_source') or 'source not stated'})"


def _spacing(clip: Numbers) -> str:
    spacing, trust = clip.get("spacing_mm"), clip.get("spacing_trust")
    size = f"{number(spacing[0], 3)} × {number(spacing[1], 3, 'mm')} (lateral × depth)" if spacing else DASH
    drawn = "" if trust == "ok" and spacing else "; pixels are drawn square"
    return f"{size}, trust: {trust or 'absent'}{drawn}"


def provenance_table(provenance: Numbers) -> str:
    """Lay out how the result was computed as HTML, nested entries with their path as name."""
    return _pairs(dict(_flatten(provenance)))


def _flatten(entries: Numbers, prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in entries.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            rows += _flatten(value, f"{name}, ") or [(name, DASH)]
        elif value is None or value == "":
            rows.append((name, f"{DASH} not recorded"))
        else:
            rows.append((name, escape(value if isinstance(value, str) else json.dumps(value))))
    return rows


def _pairs(pairs: Mapping[str, str]) -> str:
    rows = "".join(f'<tr><th scope="row">{escape(key)}</th><td>{value}</td></tr>' for key, value in pairs.items())
    return f'<table class="facts"><tbody>{rows}</tbody></table>'


def _columns() -> list[tuple[str, str]]:
    frames = [("Beat", ""), ("ED", "frame"), ("ES", "frame")]
    return [*frames, *((name, "mL") for name in VOLUMES.values()), ("EF", "%")]


def _beat_row(index: int, beat: Numbers, keys: Sequence[str]) -> str:
    frames = "".join(
        f'<td><button type="button" class="seek" data-frame="{int(beat[key])}" '
        f'aria-label="show {name} frame {int(beat[key])}">{int(beat[key])}</button></td>'
        for name, key in (("ED", "ed_frame"), ("ES", "es_frame"))
    )
    cells = "".join(f"<td>{number(beat.get(key))}</td>" for key in keys)
    return f'<tr><th scope="row">{index}</th>{frames}{cells}</tr>'


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
