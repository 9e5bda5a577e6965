"""Checks of the measured numbers: ejection fraction, beats, and volumes."""

from __future__ import annotations

from collections.abc import Iterator

from gdkvm_monai.study.measurements import ClipNumbers, Reason
from gdkvm_monai.study.quality.evidence import Evidence

__all__ = ["check_beats", "check_ejection_fraction", "check_interval", "check_volumes"]

EF_RANGE = (5.0, 90.0)
"""Range of plausible ejection fractions, in percent."""

WIDEST_INTERVAL = 8.0
"""Range of the ejection fractions of the clip and its copies above which it is reported, in points."""

LARGEST_SPREAD = 5.0
"""Standard deviation of the ejection fraction between beats above which it is reported, in points."""

LARGEST_DIFFERENCE = 10.0
"""Difference from the mean ejection fraction above which a beat that the clip cuts is reported, in points."""

RATE_TOLERANCE = 0.2
"""Largest deviation of the heart rate from that of the header, as a share of the latter."""

HEART_RATE_BPM = (40.0, 220.0)
"""Range of heart rates outside of which beats may have been missed or the motion may not be that of beats."""

EDV_USUAL_ML, EDV_POSSIBLE_ML = (25.0, 350.0), (5.0, 700.0)
"""End-diastolic volumes outside of which the verdict is ``check`` or ``reject``."""


def check_ejection_fraction(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that there is an ejection fraction, and that those of the beats in the mean are plausible."""
    if numbers.ef_withheld:
        yield Reason("ef_withheld", "check", f"there is no ejection fraction: {numbers.ef_withheld}")
    beats = [beat for beat in numbers.beats if beat.in_mean and beat.ef_percent is not None]
    for beat in [beat for beat in beats if beat.ef_percent < 0][:1]:
        frames = f"frames {beat.ed_frame} and {beat.es_frame}"
        yield Reason(
            "edv_below_esv", "reject", f"the end-diastolic volume is below the end-systolic volume ({frames})."
        )
    for beat in [beat for beat in beats if not EF_RANGE[0] <= beat.ef_percent <= EF_RANGE[1]][:1]:
        limits = f"{EF_RANGE[0]:.0f} to {EF_RANGE[1]:.0f} %"
        yield Reason("ef_range", "reject", f"an ejection fraction of {beat.ef_percent:.0f} % is outside {limits}.")


def check_interval(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that perturbed copies of the clip give about the same ejection fraction."""
    ends = numbers.interval.ef_percent
    if ends is not None and ends[1] - ends[0] > WIDEST_INTERVAL:
        text = f"perturbed copies of the clip give ejection fractions from {ends[0]:.0f} to {ends[1]:.0f} %."
        yield Reason("ef_interval", "check", text)


def check_beats(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the clip shows at least one beat, and that the beats are regular, alike, and above the noise."""
    phases = numbers.phases
    if len(phases.ed_frames) < 2 and len(phases.es_frames) < 2:
        yield Reason(
            "less_than_one_beat", "check", "the clip shows less than one beat from end-diastole to end-diastole."
        )
    if phases.no_contraction:
        yield Reason("no_contraction", "check", "the left ventricle moves no more than the noise of its area explains.")
    yield from _check_rhythm(numbers)
    spread = numbers.mean.ef_sd_percent
    if spread is not None and spread > LARGEST_SPREAD:
        yield Reason("beat_spread", "check", f"the ejection fractions of the beats differ (SD {spread:.0f} points).")
    else:
        yield from _check_cut_beats(numbers)
    used = [beat for beat in numbers.beats if beat.in_mean]
    if used and all(beat.concern == "uncertain" for beat in used):
        yield Reason("uncertain_beats", "check", "the volumes of every beat are too noisy for its ejection fraction.")


def _check_cut_beats(numbers: ClipNumbers) -> Iterator[Reason]:
    """Check that beats at an end of the clip, which are left out of the mean, are like those in it."""
    cut = [beat.ef_percent for beat in numbers.beats if beat.concern == "clip_end" and not beat.in_mean]
    for percent in [one for one in cut if abs(one - numbers.mean.ef_percent) > LARGEST_DIFFERENCE][:1]:
        text = (
            f"a beat at an end of the clip, which is left out of the mean, has an ejection fraction of {percent:.0f} %."
        )
        yield Reason("beat_spread", "check", text)


def _check_rhythm(numbers: ClipNumbers) -> Iterator[Reason]:
    """Check that the rhythm is regular, and that its rate is that of a heart."""
    phases, rate = numbers.phases, numbers.phases.heart_rate_bpm
    if phases.rhythm in ("ectopic", "irregular"):
        intervals = [beat.rr_s for beat in numbers.beats if beat.rr_s is not None]
        seen = f" from {min(intervals):.2f} to {max(intervals):.2f} s" if intervals else ""
        name = "has an ectopic beat" if phases.rhythm == "ectopic" else "is irregular"
        yield Reason("irregular_rhythm", "check", f"the rhythm {name}: the RR intervals differ{seen}.")
    if rate is not None and not HEART_RATE_BPM[0] <= rate <= HEART_RATE_BPM[1]:
        limits = f"{HEART_RATE_BPM[0]:.0f} to {HEART_RATE_BPM[1]:.0f}"
        yield Reason("heart_rate", "check", f"a heart rate of {rate:.0f} per minute is outside {limits}.")
    stated = numbers.dimensions.header_heart_rate_bpm if numbers.dimensions else None
    if rate is not None and stated is not None and abs(rate - stated) > RATE_TOLERANCE * stated:
        yield Reason("heart_rate", "check", f"the clip shows {rate:.0f} beats per minute, its header {stated:.0f}.")


def check_volumes(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the ventricle has the volume of a human heart at end-diastole."""
    for beat in [beat for beat in numbers.beats if beat.edv_ml is not None]:
        if not EDV_USUAL_ML[0] <= beat.edv_ml <= EDV_USUAL_ML[1]:
            verdict = "check" if EDV_POSSIBLE_ML[0] <= beat.edv_ml <= EDV_POSSIBLE_ML[1] else "reject"
            limits = EDV_USUAL_ML if verdict == "check" else EDV_POSSIBLE_ML
            yield Reason(
                "volume_range",
                verdict,
                f"an end-diastolic volume of {beat.edv_ml:.3g} mL is outside {limits[0]:.0f} to {limits[1]:.0f} mL.",
            )
            return
