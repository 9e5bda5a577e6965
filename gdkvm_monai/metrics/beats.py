"""The ejection fraction of each beat of a clip, computed from the volume of each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.ejection_fraction import Volumes
from gdkvm_monai.metrics.phases import WIDEST_FRAMES, WIDEST_S, Phases
from gdkvm_monai.metrics.rhythm import judge_rhythm
from gdkvm_monai.metrics.smoothing import SmoothedCurve, smooth_curve
from gdkvm_monai.metrics.volume import ejection_fraction

__all__ = ["BeatConcern", "BeatEjectionFraction", "MeanEjectionFraction", "measure_beats"]

BeatConcern = Literal["", "not_measurable", "clip_end", "odd_interval", "uncertain"]
"""Why a beat is left out of the mean if there are beats without concern; empty if there is no concern.

``not_measurable``: there is no volume. ``clip_end``: the clip cuts end-diastole or end-systole, and its true moment may
be outside the clip. ``odd_interval``: the interval before the beat is that of an ectopic beat or of the
pause after it. ``uncertain``: the noise or the frame rate leaves the ejection fraction uncertain.
"""

LARGEST_ERROR = 2.0
"""Standard error of a beat's ejection fraction above which it is uncertain, in percentage points."""

SHORTEST_SYSTOLE = 5
"""Frames from end-diastole to end-systole below which the ejection fraction is uncertain: both may fall between two."""

OVERSHOOT = 0.5
"""Standard errors by which the extreme of a noisy smoothed curve exceeds the true one, on average
(``benchmarks/simulated_beats.py``)."""


@dataclass(frozen=True, kw_only=True)
class BeatEjectionFraction(Volumes):
    """Volumes and ejection fraction of one beat.

    Attributes:
        ed_frame: frame of end-diastole.
        es_frame: frame of end-systole.
        rr_s: seconds from this end-diastole to the next one; NaN if there is none or the frame rate is unknown.
        ef_error_percent: standard error of the ejection fraction caused by the noise of the volumes, in percentage
            points; NaN if the noise is unknown.
        concern: why the beat should not count.
        in_mean: whether the beat is part of the means.
    """

    ed_frame: int
    es_frame: int
    rr_s: float = np.nan
    ef_error_percent: float = np.nan
    concern: BeatConcern = ""
    in_mean: bool = True


@dataclass(frozen=True, kw_only=True)
class MeanEjectionFraction(Volumes):
    """Means over the beats that are part of them; NaN if there are none.

    Attributes:
        ef_sd_percent: standard deviation of the ejection fractions (ddof 1); NaN for fewer than two beats.
        n_beats: number of beats in the means.
        beats: all beats, including those that are left out.
    """

    ef_sd_percent: float
    n_beats: int
    beats: tuple[BeatEjectionFraction, ...]


def measure_beats(
    volumes: ArrayLike, phases: Phases, volumes_ml: ArrayLike | None = None, like: MeanEjectionFraction | None = None
) -> MeanEjectionFraction:
    """Compute the volumes and the ejection fraction of each beat, with their means and spread.

    The volumes are smoothed over time (:func:`~gdkvm_monai.metrics.smoothing.smooth_curve`); EDV and ESV of a beat are
    the smoothed volumes of its two frames, moved toward each other by ``OVERSHOOT`` standard errors because the frames
    were chosen as extremes, or the volumes themselves if a reader marked the phases. The means are over the beats
    without concern or, if there are none, over all beats that could be measured.

    Args:
        volumes: volume of each frame, ``(T,)``, in any unit, NaN if it could not be measured; the ejection fractions
            are computed from these. Areas give the fractional area change instead.
        phases: result of :func:`~gdkvm_monai.metrics.phases.find_phases`.
        volumes_ml: the volumes in mL, ``(T,)``; ``None`` if the pixel spacing is unknown.
        like: result for another curve with the same phases, whose beats are averaged here, too.

    Returns:
        The beats and their means.

    Raises:
        ValueError: if the number of volumes differs from the number of frames.

    Example:
        >>> phases = Phases((0,), (1,), ((0, 1),), np.arange(2) / 25, "s", np.array([120.0, 48.0]))
        >>> mean = measure_beats([120, 48], phases, [120, 48])
        >>> mean.ef_percent, mean.sv_ml, mean.n_beats
        (60.0, 72.0, 1)
    """
    volumes = np.asarray(volumes, float)
    known = np.full(volumes.shape, np.nan) if volumes_ml is None else np.asarray(volumes_ml, float)
    if volumes.shape != phases.time.shape or known.shape != volumes.shape:
        raise ValueError(
            f"got volumes of shape {volumes.shape} and {known.shape} for {len(phases.time)} frames; pass one per frame."
        )
    beats = _beats(volumes, known, phases)
    chosen = [beat.in_mean for beat in like.beats] if like else _choose(beats)
    return _average(tuple(replace(beat, in_mean=part) for beat, part in zip(beats, chosen)))


def _beats(volumes: np.ndarray, volumes_ml: np.ndarray, phases: Phases) -> list[BeatEjectionFraction]:
    relative, known = (_smooth(curve, phases) for curve in (volumes, volumes_ml))
    intervals = dict(zip(phases.rr_ed, phases.rr))
    odd = _odd_beats(phases)
    beats = []
    for ed, es in phases.beats:
        (edv, esv), (edv_ml, esv_ml) = (_extremes(fit, ed, es) for fit in (relative, known))
        error = 100 * np.hypot(relative.error[es], relative.error[ed] * esv / edv) / edv if edv > 0 else np.nan
        beat = BeatEjectionFraction(
            ed_frame=ed,
            es_frame=es,
            edv_ml=edv_ml,
            esv_ml=esv_ml,
            ef_percent=ejection_fraction(edv, esv),
            rr_s=float(intervals.get(ed, np.nan)) if phases.unit == "s" else np.nan,
            ef_error_percent=float(error),
        )
        beats.append(replace(beat, concern=_concern(beat, ed in odd, bool({ed, es} & {*phases.cut}))))
    return beats


def _smooth(curve: np.ndarray, phases: Phases) -> SmoothedCurve:
    """Return the smoothed curve, with NaN where it was not measured; the curve itself if a reader marked the phases."""
    missing = ~np.isfinite(curve)
    if phases.marked or missing.all():
        return SmoothedCurve(curve, np.full(curve.shape, np.nan), np.nan)
    fit = smooth_curve(curve, phases.time, WIDEST_S if phases.unit == "s" else WIDEST_FRAMES)
    return replace(fit, values=np.where(missing, np.nan, fit.values))


def _extremes(fit: SmoothedCurve, ed: int, es: int) -> tuple[float, float]:
    """Return EDV and ESV without the overshoot, which is zero where the noise is unknown.

    NaN for both if one is negative: a parabola does not fit the volumes of a ventricle that almost vanishes.
    """
    overshoot = OVERSHOOT * np.nan_to_num(fit.error[[ed, es]])
    edv, esv = float(fit.values[ed] - overshoot[0]), float(fit.values[es] + overshoot[1])
    return (np.nan, np.nan) if min(edv, esv) < 0 else (edv, esv)


def _odd_beats(phases: Phases) -> set[int]:
    """Return the end-diastoles that follow an interval of other length, if the rhythm is otherwise regular."""
    rhythm = judge_rhythm(phases.rr)
    return {ed for ed, odd in zip(phases.rr_ed[1:], rhythm.odd) if odd} if rhythm.name == "ectopic" else set()


def _concern(beat: BeatEjectionFraction, odd: bool, cut: bool) -> BeatConcern:
    if np.isnan(beat.ef_percent):
        return "not_measurable"
    systole = abs(beat.es_frame - beat.ed_frame)
    if beat.ef_error_percent > LARGEST_ERROR or (np.isfinite(beat.ef_error_percent) and systole < SHORTEST_SYSTOLE):
        return "uncertain"
    if cut:
        return "clip_end"
    return "odd_interval" if odd else ""


def _choose(beats: Sequence[BeatEjectionFraction]) -> list[bool]:
    best = [not beat.concern for beat in beats]
    return best if any(best) else [beat.concern != "not_measurable" for beat in beats]


def _average(beats: tuple[BeatEjectionFraction, ...]) -> MeanEjectionFraction:
    averaged = [beat for beat in beats if beat.in_mean]
    fractions = [beat.ef_percent for beat in averaged]
    return MeanEjectionFraction(
        edv_ml=_mean([beat.edv_ml for beat in averaged]),
        esv_ml=_mean([beat.esv_ml for beat in averaged]),
        ef_percent=_mean(fractions),
        ef_sd_percent=float(np.std(fractions, ddof=1)) if len(fractions) > 1 else np.nan,
        n_beats=len(averaged),
        beats=beats,
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
