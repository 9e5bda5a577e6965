"""Ejection fraction from two views of one patient by the biplane method of disks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from pydantic.dataclasses import dataclass

from gdkvm_monai.files import write_json
from gdkvm_monai.labels import NOTICE, parse_view
from gdkvm_monai.metrics import measure_ejection_fraction
from gdkvm_monai.study.measurements import SCHEMA_VERSION, Measurements, Method
from gdkvm_monai.study.record_types import STRICT, Count, NotNegative, Verdict, View
from gdkvm_monai.study.segmentation import SegmentationResult

__all__ = ["BiplaneMeasurements", "measure_biplane", "write_biplane"]

METHOD = Method("biplane-mod-v1", "method of disks, biplane, 20 disks, the longer length")


@dataclass(frozen=True, config=STRICT)
class BiplaneMeasurements:
    """Content of ``biplane.json``; unknown values are ``None``.

    Attributes:
        schema_version: version of the schema of ``measurements.json``.
        views: identifier of the clip of each view.
        method: how the volumes were computed.
        edv_ml: end-diastolic volume.
        esv_ml: end-systolic volume.
        sv_ml: stroke volume.
        ef_percent: ejection fraction.
        beats: end-diastolic and end-systolic frame of each view.
        flags: what looks wrong.
        ef_withheld: why there is no ejection fraction; empty if there is one.
        quality: quality verdict of each view.
        notice: intended use of the numbers.
    """

    schema_version: str
    views: dict[View, str]
    method: Method
    edv_ml: NotNegative | None
    esv_ml: NotNegative | None
    sv_ml: float | None
    ef_percent: float | None
    beats: dict[View, tuple[Count, Count]] | None
    flags: tuple[str, ...]
    ef_withheld: str
    quality: dict[View, Verdict]
    notice: str


def measure_biplane(results: Mapping[str, SegmentationResult]) -> BiplaneMeasurements:
    """Measure the first beat of each view together.

    Args:
        results: results of ``"4CH"`` (or ``"A4C"``) and ``"2CH"`` (or ``"A2C"``).

    Returns:
        Volumes and ejection fraction, or the reason why there are none.

    Raises:
        FileNotFoundError: if a folder of results does not include ``mask.nii.gz``.
        TypeError: if a value is not a result of :func:`gdkvm_monai.segment`.
        ValueError: if a view is missing or given twice.
    """
    given, results = results, {parse_view(view): result for view, result in results.items()}
    if set(results) != {"4CH", "2CH"} or len(given) != 2:
        raise ValueError(f"got the views {', '.join(given) or 'none'}, expected 4CH and 2CH.")
    for view, result in results.items():
        if not isinstance(result, SegmentationResult):
            raise TypeError(f"the result of {view} is a {type(result).__name__}, expected what segment() returns.")
    found = {view: result.measurements for view, result in results.items()}
    nothing = BiplaneMeasurements(
        schema_version=SCHEMA_VERSION,
        views={view: measurements.clip.id for view, measurements in found.items()},
        method=METHOD,
        **dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent", "beats")),
        flags=(),
        ef_withheld=_why_not(found),
        quality={view: measurements.quality.verdict for view, measurements in found.items()},
        notice=NOTICE,
    )
    return nothing if nothing.ef_withheld else _measure(nothing, results)


def write_biplane(out: Path, measured: BiplaneMeasurements) -> Path:
    """Write ``biplane.json`` to a folder in ``out`` that is named after both clips, and return its path."""
    folder = out / "-".join(measured.views[view][:8] for view in ("4CH", "2CH"))
    write_json(folder / "biplane.json", asdict(measured))
    return folder / "biplane.json"


def _measure(nothing: BiplaneMeasurements, results: Mapping[str, SegmentationResult]) -> BiplaneMeasurements:
    beats = {view: result.measurements.beats[0] for view, result in results.items()}
    ed = {view: results[view].mask[..., beat.ed_frame] for view, beat in beats.items()}
    es = {view: results[view].mask[..., beat.es_frame] for view, beat in beats.items()}
    spacing_mm = {view: result.measurements.clip.spacing_mm for view, result in results.items()}
    measured = measure_ejection_fraction(ed, es, spacing_mm)
    edv_ml, esv_ml, ef_percent = map(_known, (measured.edv_ml, measured.esv_ml, measured.ef_percent))
    return replace(
        nothing,
        edv_ml=edv_ml,
        esv_ml=esv_ml,
        sv_ml=None if edv_ml is None or esv_ml is None else round(edv_ml - esv_ml, 4),
        ef_percent=ef_percent,
        beats={view: (beat.ed_frame, beat.es_frame) for view, beat in beats.items()},
        flags=(*measured.flags, *_without_atrium(results)),
        ef_withheld=measured.reason,
    )


def _without_atrium(results: Mapping[str, SegmentationResult]) -> Iterator[str]:
    """Name the views whose masks were stored without the atrium: another rule then finds the base."""
    for view, result in results.items():
        if "LA" not in result.measurements.structures:
            yield f"{view}: the masks were stored without the left atrium, so the base was found without it"


def _known(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _why_not(found: Mapping[str, Measurements]) -> str:
    for view, measurements in found.items():
        if measurements.clip.spacing_mm is None:
            trust = measurements.clip.spacing_trust
            return f"{view}: the pixel spacing is {trust}, so lengths in the two views cannot be compared."
        if not measurements.beats:
            return f"{view}: {measurements.phases.reason}"
    return ""
