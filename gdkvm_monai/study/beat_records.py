"""Phases and beats of a clip: records of ``measurements.json``."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from gdkvm_monai.metrics.beats import BeatConcern
from gdkvm_monai.metrics.rhythm import RhythmName
from gdkvm_monai.study.record_types import STRICT, Count, NotNegative, Positive

__all__ = ["AreasCm2", "Beat", "BeatMean", "PhaseFrames"]


@dataclass(frozen=True, config=STRICT)
class PhaseFrames:
    """Frames of end-diastole and end-systole, counted from 0."""

    ed_frames: tuple[Count, ...]
    es_frames: tuple[Count, ...]
    heart_rate_bpm: NotNegative | None
    reason: str
    """why no beat was found; empty if one was"""
    no_contraction: bool
    """whether the area of the left ventricle moves no more than its noise explains"""
    rhythm: RhythmName
    """regular if all RR intervals are within 12 % of their median, ectopic if at most two are not, else irregular;
    unknown for fewer than two intervals"""


@dataclass(frozen=True, config=STRICT)
class AreasCm2:
    """Area of each structure in one frame, in cm2."""

    LV: NotNegative | None
    MYO: NotNegative | None
    LA: NotNegative | None


@dataclass(frozen=True, config=STRICT)
class Beat:
    """One beat: its frames, volumes smoothed over time, ejection fraction, and areas of the masks."""

    ed_frame: Count
    es_frame: Count
    edv_ml: NotNegative | None
    esv_ml: NotNegative | None
    sv_ml: float | None
    ef_percent: float | None
    ed_area_cm2: AreasCm2
    """areas at end-diastole"""
    es_area_cm2: AreasCm2
    """areas at end-systole"""
    rr_s: Positive | None
    """seconds from this end-diastole to the next one"""
    ef_error_percent: NotNegative | None
    """standard error of the ejection fraction caused by the noise of the volumes, in percentage points"""
    concern: BeatConcern
    """empty if none. not_measurable: no volume; clip_end: end-diastole or end-systole is the first or last frame;
    odd_interval: follows the interval of an ectopic beat or its pause; uncertain: the volumes are too noisy"""
    in_mean: bool
    """whether the beat is in the means: beats without concern or, if there are none, all that can be measured"""


@dataclass(frozen=True, config=STRICT)
class BeatMean:
    """Means over the beats that are marked ``in_mean``."""

    n_beats: Count
    edv_ml: NotNegative | None
    esv_ml: NotNegative | None
    sv_ml: float | None
    ef_percent: float | None
    ef_sd_percent: NotNegative | None
    """standard deviation over the beats, ddof 1"""
