"""Measurement of one clip: end-diastole and end-systole of every beat, volumes, ejection fraction, and areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gdkvm_monai.labels import STRUCTURES, VIEW_NAMES
from gdkvm_monai.metrics.beats import BeatEjectionFraction, MeanEjectionFraction, measure_beats
from gdkvm_monai.metrics.marked_phases import PhaseMarks, mark_phases
from gdkvm_monai.metrics.phases import Phases, find_phases
from gdkvm_monai.metrics.rhythm import judge_rhythm
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import (
    SCHEMA_VERSION,
    AreasCm2,
    Beat,
    BeatMean,
    ClipFacts,
    ClipNumbers,
    Confidence,
    Interval,
    Method,
    PhaseFrames,
)
from gdkvm_monai.study.missing_values import none_if_unknown, with_nan

__all__ = ["Copies", "measure_clip"]


@dataclass(frozen=True)
class Copies:
    """Perturbed copies of a clip.

    Attributes:
        volumes: volume of every frame of each copy, in mL if the clip's volumes are in mL, otherwise in any unit.
        description: how the copies were made; empty if there are none.
    """

    volumes: Sequence[Sequence[float]] = ()
    description: str = ""


NO_COPIES, NO_MARKS = Copies(), PhaseMarks()


def measure_clip(
    clip: ClipFacts,
    frames: FrameTable,
    structures: Sequence[str] = tuple(STRUCTURES),
    copies: Copies = NO_COPIES,
    marks: PhaseMarks = NO_MARKS,
) -> ClipNumbers:
    """Measure one clip.

    The phases are the extremes of the smoothed area curve of the left ventricle. The volumes are smoothed
    over time, because those of a single frame are too noisy; the areas are those of the masks. A frame whose
    volume cannot be measured is never selected as ED or ES.

    Args:
        clip: facts about the clip.
        frames: values of every frame.
        structures: structures kept in the masks.
        copies: perturbed copies; their ejection fractions and volumes at the same frames give the interval.
        marks: frames of end-diastole and end-systole that a reader marked; they replace those found in the curve.

    Returns:
        The measurements; unknown values are ``None``.
    """
    measured = (volume is not None for volume in frames.lv_volume_relative)
    area = [float(px) if known else np.nan for px, known in zip(frames.area_px["LV"], measured)]
    phases = mark_phases(find_phases(area, None if None in frames.time_s else frames.time_s), marks)
    in_ml = any(value is not None for value in frames.lv_volume_ml)
    own = measure_beats(with_nan(frames.lv_volume_relative), phases, with_nan(frames.lv_volume_ml))
    again = [measure_beats(volumes, phases, volumes if in_ml else None, own) for volumes in copies.volumes]
    return ClipNumbers(
        schema_version=SCHEMA_VERSION,
        clip=clip,
        structures=tuple(structures),
        method=_method(clip.view, marks),
        phases=_phase_frames(phases),
        beats=tuple(_beat(beat, frames) for beat in own.beats),
        mean=_mean(own),
        interval=_interval(own, again, copies.description),
        ef_withheld=_why_no_ef(frames, phases) if np.isnan(own.ef_percent) else "",
        confidence=_confidence(frames, copies),
        dimensions=None,
        edited="",
    )


def _phase_frames(phases: Phases) -> PhaseFrames:
    return PhaseFrames(
        ed_frames=phases.ed,
        es_frames=phases.es,
        heart_rate_bpm=none_if_unknown(phases.heart_rate_bpm),
        reason=phases.reason,
        no_contraction=phases.no_contraction,
        rhythm=judge_rhythm(phases.rr).name,
    )


def _beat(beat: BeatEjectionFraction, frames: FrameTable) -> Beat:
    return Beat(
        ed_frame=beat.ed_frame,
        es_frame=beat.es_frame,
        edv_ml=none_if_unknown(beat.edv_ml),
        esv_ml=none_if_unknown(beat.esv_ml),
        sv_ml=none_if_unknown(beat.sv_ml),
        ef_percent=none_if_unknown(beat.ef_percent),
        ed_area_cm2=AreasCm2(**{name: frames.area_cm2[name][beat.ed_frame] for name in STRUCTURES}),
        es_area_cm2=AreasCm2(**{name: frames.area_cm2[name][beat.es_frame] for name in STRUCTURES}),
        rr_s=none_if_unknown(beat.rr_s),
        ef_error_percent=none_if_unknown(beat.ef_error_percent),
        concern=beat.concern,
        in_mean=beat.in_mean,
    )


def _mean(mean: MeanEjectionFraction) -> BeatMean:
    return BeatMean(
        n_beats=mean.n_beats,
        edv_ml=none_if_unknown(mean.edv_ml),
        esv_ml=none_if_unknown(mean.esv_ml),
        sv_ml=none_if_unknown(mean.sv_ml),
        ef_percent=none_if_unknown(mean.ef_percent),
        ef_sd_percent=none_if_unknown(mean.ef_sd_percent),
    )


def _interval(own: MeanEjectionFraction, copies: Sequence[MeanEjectionFraction], description: str) -> Interval:
    """Return the range of the means over the beats in the clip and its perturbed copies, all at the same frames."""
    if not copies or not own.beats:
        return Interval(None, None, None, "not computed")
    means = (own, *copies)
    return Interval(
        ef_percent=_range([mean.ef_percent for mean in means]),
        edv_ml=_range([mean.edv_ml for mean in means]),
        esv_ml=_range([mean.esv_ml for mean in means]),
        method=f"range over the clip and {len(copies)} perturbed copies ({description}); not a confidence interval",
    )


def _confidence(frames: FrameTable, copies: Copies) -> Confidence:
    if not copies.description:
        return Confidence(None, None, "not computed")
    how = f"lowest Dice of the left ventricle with perturbed copies ({copies.description})"
    return summarize_confidence(frames, how)


def summarize_confidence(frames: FrameTable, method: str) -> Confidence:
    """Return the mean and the lowest confidence of the frames that have one; ``None`` if there is no such frame."""
    known = [value for value in frames.confidence if value is not None]
    mean, lowest = (none_if_unknown(np.mean(known)), none_if_unknown(min(known))) if known else (None, None)
    return Confidence(mean, lowest, method)


def _why_no_ef(frames: FrameTable, phases: Phases) -> str:
    if len(frames) == 1:
        return "a single frame has no ejection fraction; use a clip of at least one beat."
    if not phases.beats:
        return phases.reason
    return "the left ventricle has no measurable volume at end-diastole or end-systole."


def _method(view: str | None, marks: PhaseMarks) -> Method:
    name = "" if view is None else f"-a{view[0]}c"
    marked = " and ".join(phase for phase, frames in (("end-diastole", marks.ed), ("end-systole", marks.es)) if frames)
    found = {
        "": "end-diastole and end-systole are the extremes of the smoothed area curve of the left ventricle",
        "end-diastole": "end-systole is the minimum of the smoothed area curve of the left ventricle",
        "end-systole": "end-diastole is the maximum of the smoothed area curve of the left ventricle",
    }
    phases = [found.get(marked, ""), f"{marked} marked by hand" if marked else "volumes are smoothed over time"]
    description = f"method of disks, single plane ({VIEW_NAMES.get(view, 'view not stated')}), 20 disks"
    return Method(f"single-plane{name}-mod-v1", "; ".join([description, *filter(None, phases)]))


def _range(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the smallest and largest value; ``None`` if one is unknown, because the range would be too narrow."""
    return (none_if_unknown(min(values)), none_if_unknown(max(values))) if np.isfinite(values).all() else None
