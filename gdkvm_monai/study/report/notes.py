"""Why numbers of the clip report are missing, and what was assumed, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdkvm_monai.labels import VIEW_NAMES
from gdkvm_monai.study.measurements import Measurements

__all__ = ["Notes", "collect_notes"]

SPACING_PROBLEMS = {
    "ok": "",
    "absent": "the pixel spacing is unknown",
    "scaled": "the image was resized after its pixel spacing was recorded",
    "conflict": "the pixel spacing in the file is contradictory or implausible",
}


@dataclass(frozen=True)
class Notes:
    """Why numbers are missing, and what was assumed.

    Attributes:
        ejection_fraction: why there is no mean ejection fraction, if there is none.
        heart_rate: why there is no heart rate, if there is none.
        spacing: why the pixel spacing is not used, as the beginning of a sentence; empty if it is used.
        summary: why volumes and heart rate are missing; empty if all are known.
        beats: why numbers are missing in the table of beats.
        view: the view of the clip, and whether it was stated or assumed.
    """

    ejection_fraction: str
    heart_rate: str
    spacing: str
    summary: list[str]
    beats: list[str]
    view: str


def collect_notes(measurements: Measurements, trained_views: Sequence[str] = ()) -> Notes:
    """Explain what is missing in the measurements of a clip, each reason once.

    Args:
        measurements: measurements of the clip.
        trained_views: views of the clips that the weights were trained on; empty if unknown.
    """
    no_beat = measurements.phases.reason
    no_ef = measurements.ef_withheld or no_beat or "the ejection fraction was not measured."
    no_rate = no_beat or "the heart rate requires two end-diastolic frames and a known frame time."
    volumes = _volume_notes(measurements)
    rate = [no_rate] if measurements.phases.heart_rate_bpm is None else []
    return Notes(
        ejection_fraction=no_ef,
        heart_rate=no_rate,
        spacing=SPACING_PROBLEMS[measurements.clip.spacing_trust],
        summary=list(dict.fromkeys([*volumes, *rate])),
        beats=list(dict.fromkeys([*volumes, *_ef_notes(measurements, no_ef)])),
        view=_view_note(measurements.clip.view, trained_views),
    )


def _view_note(view: str | None, trained_views: Sequence[str]) -> str:
    if view is not None:
        return f"{VIEW_NAMES[view]}, as stated."
    if not trained_views:
        return "not stated."
    names = " or ".join(VIEW_NAMES[name] for name in trained_views)
    return f"not stated; assumed to be {names}, as in training."


def _volume_notes(measurements: Measurements) -> list[str]:
    mean, trust = measurements.mean, measurements.clip.spacing_trust
    if None not in (mean.edv_ml, mean.esv_ml, mean.sv_ml):
        return []
    no_beat = measurements.phases.reason
    if trust != "ok" and not no_beat:
        return [f"{SPACING_PROBLEMS[trust]}, so no values are given in cm² or mL."]
    return [measurements.ef_withheld or no_beat or "the volumes were not measured."]


def _ef_notes(measurements: Measurements, no_ef: str) -> list[str]:
    if measurements.mean.ef_percent is None:
        return [no_ef]
    spread = ["the SD requires at least two beats."] if measurements.mean.ef_sd_percent is None else []
    if measurements.interval.ef_percent is None:
        return [*spread, "no interval was computed."]
    return [*spread, "no interval is computed for the stroke volume."]
