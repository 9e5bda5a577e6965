"""Ejection fraction from two views of one patient by the biplane method of disks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gdkvm_monai.labels import NOTICE, parse_view
from gdkvm_monai.metrics import measure_ejection_fraction
from gdkvm_monai.metrics.ejection_fraction import LENGTH_MISMATCH, EjectionFraction
from gdkvm_monai.study.biplane_record import BiplaneMeasurements
from gdkvm_monai.study.measurements import SCHEMA_VERSION, Measurements, Method
from gdkvm_monai.study.missing_values import none_if_unknown
from gdkvm_monai.study.quality import VERDICTS
from gdkvm_monai.study.segmentation import SegmentationResult

__all__ = ["measure_biplane"]

METHOD = Method("biplane-mod-v1", "method of disks, biplane, 20 disks, the longer length")


def measure_biplane(results: Mapping[str, SegmentationResult]) -> BiplaneMeasurements:
    """Measure one beat of each view together: the first that is in the mean of its clip.

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
        **dict.fromkeys(("lengths_mm", "length_difference_percent")),
        foreshortening="",
        flags=(),
        ef_withheld=_why_not(found),
        quality={view: measurements.quality.verdict for view, measurements in found.items()},
        verdict="good",
        training={view: measurements.training for view, measurements in found.items()},
        edited={view: measurements.edited for view, measurements in found.items()},
        notice=NOTICE,
    )
    return _judge(nothing if nothing.ef_withheld else _measure(nothing, results))


def _measure(nothing: BiplaneMeasurements, results: Mapping[str, SegmentationResult]) -> BiplaneMeasurements:
    beats = {view: result.measurements.first_beat for view, result in results.items()}
    ed = {view: results[view].mask[..., beat.ed_frame] for view, beat in beats.items()}
    es = {view: results[view].mask[..., beat.es_frame] for view, beat in beats.items()}
    spacing_mm = {view: result.measurements.clip.spacing_mm for view, result in results.items()}
    measured = measure_ejection_fraction(ed, es, spacing_mm)
    edv_ml, esv_ml, ef_percent = map(none_if_unknown, (measured.edv_ml, measured.esv_ml, measured.ef_percent))
    return replace(
        nothing,
        edv_ml=edv_ml,
        esv_ml=esv_ml,
        sv_ml=None if edv_ml is None or esv_ml is None else round(edv_ml - esv_ml, 4),
        ef_percent=ef_percent,
        beats={view: (beat.ed_frame, beat.es_frame) for view, beat in beats.items()},
        lengths_mm={
            phase: {view: none_if_unknown(measured.ventricles[phase.lower(), view].length) for view in results}
            for phase in ("ED", "ES")
            if all((phase.lower(), view) in measured.ventricles for view in results)
        },
        length_difference_percent={
            phase.upper(): none_if_unknown(100 * share) for phase, share in measured.length_mismatch.items()
        },
        foreshortening=_foreshortening(measured),
        flags=(*measured.flags, *_without_atrium(results)),
        ef_withheld=measured.reason,
    )


def _foreshortening(measured: EjectionFraction) -> str:
    """Return a warning that states both lengths of each phase in which they differ."""
    differing = []
    for phase, share in measured.length_mismatch.items():
        if share > LENGTH_MISMATCH:
            four, two = (measured.ventricles[phase, view].length for view in ("4CH", "2CH"))
            differing.append(
                f"at {phase.upper()} the ventricle is {four:.1f} mm long in the 4CH view and {two:.1f} mm in the 2CH "
                f"view, a difference of {100 * share:.0f} % of the longer"
            )
    if not differing:
        return ""
    return (
        f"{'; '.join(differing)}: one of the views may be foreshortened, usually the shorter one, or one "
        "of the masks has the wrong length; compare both masks."
    )


def _judge(measured: BiplaneMeasurements) -> BiplaneMeasurements:
    own = "check" if measured.flags or measured.ef_withheld else "good"
    return replace(measured, verdict=max([own, *measured.quality.values()], key=VERDICTS.index))


def _without_atrium(results: Mapping[str, SegmentationResult]) -> Iterator[str]:
    """Name the views whose masks were stored without the atrium: another rule then finds the base."""
    for view, result in results.items():
        if "LA" not in result.measurements.structures:
            yield f"{view}: the masks were stored without the left atrium, so the base was found without it"


def _why_not(found: Mapping[str, Measurements]) -> str:
    if len({measurements.clip.id for measurements in found.values()}) == 1:
        return "4CH and 2CH are copies of one clip; give a clip of each view."
    for view, measurements in found.items():
        if measurements.clip.spacing_mm is None:
            trust = measurements.clip.spacing_trust
            return f"{view}: the pixel spacing is {trust}, so lengths in the two views cannot be compared."
        if not measurements.beats:
            return f"{view}: {measurements.phases.reason}"
    return ""
