"""End-diastole and end-systole of every beat, from the area or the volume of the ventricle over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.metrics.segmentation import check_spacing
from gdkvm_monai.metrics.volume import ejection_fraction

SMOOTHING_S, SMOOTHING_FRAMES = 0.24, 5
"""Width of the window in which a parabola is fitted, with a known and an unknown frame rate."""

REFRACTORY_S, REFRACTORY_FRAMES = 0.33, 8
"""Shortest time between two ends of diastole, 180 beats per minute; frames where the rate is unknown."""

SWING = 0.4
"""Share of the curve's range that must be emptied or filled for a turn to count."""

EDGE_TOLERANCE = 0.15
"""How far the first or last frame may stay from the curve's extreme to count as a phase, as a share of the range."""

SMALLEST_CHANGE = 0.05
"""Range of the curve, as a share of its maximum, below which no beat is seen."""


@dataclass(frozen=True)
class Phases:
    """Frames at which the ventricle is fullest and emptiest.

    Attributes:
        ed: frames of end-diastole.
        es: frames of end-systole.
        beats: pairs ``(ed, es)``: each end-systole with the end-diastole before it, or, in a clip that has no such
            pair, with the one after it.
        time: time of each frame in ``unit``, ``(T,)``.
        unit: ``"s"``, or ``"frames"`` where the frame rate is unknown.
        smoothed: the smoothed curve, ``(T,)``; NaN only where the whole curve is.
        reason: why no beat was found; empty if one was.
    """

    ed: tuple[int, ...]
    es: tuple[int, ...]
    beats: tuple[tuple[int, int], ...]
    time: np.ndarray
    unit: str
    smoothed: np.ndarray
    reason: str = ""

    @property
    def heart_rate_bpm(self) -> float:
        """Beats per minute between the first and the last end-diastole; NaN with fewer than two or without seconds."""
        if self.unit != "s" or len(self.ed) < 2:
            return np.nan
        return float(60 * (len(self.ed) - 1) / (self.time[self.ed[-1]] - self.time[self.ed[0]]))


def area_curve(clip: ArrayLike, spacing_mm: Sequence[float] | None = None, values: Sequence[int] = (LV,)) -> np.ndarray:
    """Measure the area of a structure in every frame.

    Args:
        clip: class indices ``(H, W, T)``.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None``.
        values: class indices of the structure.

    Returns:
        Areas ``(T,)`` in cm2, or in pixels without a spacing; NaN where the structure is missing or not annotated.
    """
    clip = convert_to_numpy(clip)
    areas = np.isin(clip, values).sum(axis=(0, 1)).astype(float)
    areas[(areas == 0) | (clip == UNLABELED).any(axis=(0, 1))] = np.nan
    return areas if spacing_mm is None else areas * np.prod(check_spacing(spacing_mm)) / 100


def find_phases(
    curve: ArrayLike, time_s: ArrayLike | None = None, smoothing: float | None = None, refractory: float | None = None
) -> Phases:
    """Find the ends of diastole and systole in a curve of area or volume.

    The curve is smoothed by local parabolas (:func:`smooth_curve`). Its turns are the extremes between which it swings
    by at least ``SWING`` of its range; of two ends of diastole (or of systole) closer than the refractory time the
    lesser one is dropped. The first and the last frame count if they come within ``EDGE_TOLERANCE`` of the range.

    Args:
        curve: area or volume, ``(T,)``, in any unit; NaN where a frame could not be measured.
        time_s: time of each frame in seconds, increasing, not necessarily even, ``(T,)``; ``None`` if unknown.
        smoothing: width of the smoothing window in seconds, or in frames without times; the module's by default.
        refractory: shortest time between two beats in seconds, or in frames without times; the module's by default.

    Returns:
        The phases; without times everything is in frames. Nothing is found, with a reason, in fewer than two measured
        frames or in a curve that hardly changes.

    Raises:
        ValueError: if the curve is not 1-D, or the times do not fit it or do not increase.

    Example:
        >>> time_s = np.arange(50) / 25
        >>> find_phases(80 + 40 * np.cos(2 * np.pi * time_s), time_s).beats
        ((0, 12), (25, 37))
    """
    curve = np.asarray(curve, float)
    seconds = time_s is not None
    time = np.asarray(time_s if seconds else np.arange(len(curve)), float)
    if curve.ndim != 1 or curve.shape != time.shape or not (np.diff(time) > 0).all():
        raise ValueError(f"curve {curve.shape} and times {time.shape} must be (T,) each, and the times must increase.")
    smoothing = (SMOOTHING_S if seconds else SMOOTHING_FRAMES) if smoothing is None else smoothing
    refractory = (REFRACTORY_S if seconds else REFRACTORY_FRAMES) if refractory is None else refractory
    unit = "s" if seconds else "frames"
    if np.isfinite(curve).sum() < 2:
        nothing = np.full(curve.shape, np.nan)
        return Phases((), (), (), time, unit, nothing, "fewer than two frames could be measured.")
    smoothed = smooth_curve(curve, time, smoothing)
    span = np.ptp(smoothed)
    if span < SMALLEST_CHANGE * smoothed.max():
        return Phases((), (), (), time, unit, smoothed, f"the curve changes by less than {SMALLEST_CHANGE:.0%}.")
    turns = _drop_close(_find_turns(smoothed, SWING * span), smoothed, time, refractory)
    turns = [turn for turn in turns if _is_phase(turn, smoothed, span)]
    ed = tuple(frame for frame, kind in turns if kind == 1)
    es = tuple(frame for frame, kind in turns if kind == -1)
    beats = _pair(turns)
    reason = "" if beats else "the curve has no end-diastole next to an end-systole."
    return Phases(ed, es, beats, time, unit, smoothed, reason)


def smooth_curve(curve: np.ndarray, time: np.ndarray, window: float) -> np.ndarray:
    """Smooth a curve by a least-squares parabola around every frame, with tricube weights.

    Args:
        curve: values ``(T,)``, NaN where missing.
        time: time of each value, increasing, ``(T,)``.
        window: width of the window in the unit of ``time``; at least five measured frames are always used, if there
            are as many.

    Returns:
        The value of each frame's parabola there, ``(T,)``; the curve itself if it has fewer than five values.
    """
    known = np.isfinite(curve)
    if known.sum() < 5:
        return np.interp(time, time[known], curve[known])
    smoothed = np.empty(len(curve))
    for frame, center in enumerate(time):
        distance = np.abs(time[known] - center)
        reach = max(window / 2, 1.01 * np.sort(distance)[4])
        weights = np.clip(1 - (distance / reach) ** 3, 0, None) ** 1.5  # squared by the fit: tricube
        smoothed[frame] = np.polynomial.polynomial.polyfit(time[known] - center, curve[known], 2, w=weights)[0]
    return smoothed


def beat_ejection_fractions(volumes: ArrayLike, phases: Phases) -> Mapping[str, float | int | list[float]]:
    """Compute the ejection fraction of every beat and its spread.

    Args:
        volumes: volume of each frame, ``(T,)``, in any unit. Pass ``phases.smoothed`` if the phases were found in a
            volume curve and its noise should be averaged too. Areas give the fractional area change instead.
        phases: result of :func:`find_phases`.

    Returns:
        ``ef_percent``: mean over the beats, NaN if there is none; ``sd``: their standard deviation (ddof 1), NaN for
        one beat; ``n_beats``; ``beats``: EF of each.
    """
    volumes = np.asarray(volumes, float)
    beats = [ejection_fraction(volumes[ed], volumes[es]) for ed, es in phases.beats]
    valid = [ef_percent for ef_percent in beats if not np.isnan(ef_percent)]
    return {
        "ef_percent": float(np.mean(valid)) if valid else np.nan,
        "sd": float(np.std(valid, ddof=1)) if len(valid) > 1 else np.nan,
        "n_beats": len(valid),
        "beats": beats,
    }


def _find_turns(curve: np.ndarray, swing: float) -> list[tuple[int, int]]:
    """Return alternating maxima (1) and minima (-1) as (frame, kind), the ends included."""
    turns: list[tuple[int, int]] = []
    high = low = 0
    rising = None
    for frame, value in enumerate(curve):
        high = frame if value > curve[high] else high
        low = frame if value < curve[low] else low
        if rising is not False and curve[high] - value >= swing:  # it has fallen: the high was a turn
            turns.append((high, 1))
            rising, low = False, frame
        elif rising is not True and value - curve[low] >= swing:
            turns.append((low, -1))
            rising, high = True, frame
    if rising is not None:
        turns.append((high, 1) if rising else (low, -1))
    return turns


def _drop_close(
    turns: list[tuple[int, int]], curve: np.ndarray, time: np.ndarray, refractory: float
) -> list[tuple[int, int]]:
    """Drop, closest first, the lesser of two turns of one kind within the refractory time, and the turn between."""
    turns = list(turns)
    while len(turns) > 2:
        gaps = [time[second[0]] - time[first[0]] for first, second in zip(turns, turns[2:])]
        closest = int(np.argmin(gaps))
        if gaps[closest] >= refractory:
            break
        (first, kind), (second, _) = turns[closest], turns[closest + 2]
        lesser = closest if kind * curve[first] < kind * curve[second] else closest + 2
        turns = [turn for index, turn in enumerate(turns) if index not in (closest + 1, lesser)]
    return turns


def _is_phase(turn: tuple[int, int], curve: np.ndarray, span: float) -> bool:
    """Tell whether a turn is a phase: always inside the clip, at its ends if the curve is nearly as extreme."""
    frame, kind = turn
    extreme = curve.max() if kind == 1 else curve.min()
    return 0 < frame < len(curve) - 1 or abs(curve[frame] - extreme) <= EDGE_TOLERANCE * span


def _pair(turns: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    forward = tuple((a[0], b[0]) for a, b in zip(turns, turns[1:]) if (a[1], b[1]) == (1, -1))
    return forward or tuple((b[0], a[0]) for a, b in zip(turns, turns[1:]) if (a[1], b[1]) == (-1, 1))
