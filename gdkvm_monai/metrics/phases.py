"""End-diastole and end-systole of every beat, from the area or the volume of the ventricle over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.smoothing import smooth_curve
from gdkvm_monai.metrics.turns import MAXIMUM, MINIMUM, Turn, drop_close, find_turns

__all__ = ["Phases", "find_phases"]

SMOOTHING_S, SMOOTHING_FRAMES = 0.24, 5
"""Width of the smoothing window: in seconds, and in frames if the frame rate is unknown."""

REFRACTORY_S, REFRACTORY_FRAMES = 0.33, 8
"""Shortest time between two end-diastoles (180 beats per minute): in seconds, and in frames if the rate is unknown."""

SWING = 0.4
"""Smallest rise or fall between two turns, as a share of the curve's range."""

EDGE_TOLERANCE = 0.15
"""Largest distance of the first or last frame from the curve's extreme to count as a phase, as a share of the range."""

SMALLEST_CHANGE = 0.05
"""Range of the curve below which no beat is detected, as a share of its maximum."""


@dataclass(frozen=True)
class Phases:
    """Frames at which the ventricle is fullest and emptiest.

    Attributes:
        ed: end-diastolic frames.
        es: end-systolic frames.
        beats: pairs ``(ed, es)``: each end-systole with the end-diastole before it or, if the clip has no such pair,
            with the one after it.
        time: time of each frame in ``unit``, ``(T,)``.
        unit: ``"s"``, or ``"frames"`` if the frame rate is unknown.
        smoothed: smoothed curve, ``(T,)``; all NaN if fewer than two frames could be measured.
        reason: why no beat was found; empty if a beat was found.
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
        """Beats per minute from the first to the last end-diastole; NaN for fewer than two or an unknown frame rate."""
        if self.unit != "s" or len(self.ed) < 2:
            return np.nan
        return float(60 * (len(self.ed) - 1) / (self.time[self.ed[-1]] - self.time[self.ed[0]]))


def find_phases(
    curve: ArrayLike, time_s: ArrayLike | None = None, smoothing: float | None = None, refractory: float | None = None
) -> Phases:
    """Find end-diastole and end-systole in a curve of area or volume.

    The curve is smoothed with local parabolas (:func:`smooth_curve`). Its turns are the extremes between which it rises
    or falls by at least ``SWING`` of its range. If two end-diastoles (or two end-systoles) are closer than the
    refractory time, the less extreme one is dropped. The first and the last frame count if they are within
    ``EDGE_TOLERANCE`` of the extreme. A frame that could not be measured is never a phase.

    Args:
        curve: area or volume, ``(T,)``, in any unit; NaN if a frame could not be measured.
        time_s: time of each frame in seconds, increasing, not necessarily evenly spaced, ``(T,)``; ``None`` if unknown.
        smoothing: width of the smoothing window in seconds, or in frames if the times are unknown; by default
            ``SMOOTHING_S`` or ``SMOOTHING_FRAMES``.
        refractory: shortest time between two beats in seconds, or in frames if the times are unknown; by default
            ``REFRACTORY_S`` or ``REFRACTORY_FRAMES``.

    Returns:
        The phases, in frames if the times are unknown. If fewer than two frames could be measured or the curve hardly
        changes, no phase is found and ``reason`` says why.

    Raises:
        ValueError: if the curve is not 1-D, the times differ from it in length, or the times do not increase.

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
    frames = np.flatnonzero(np.isfinite(curve))  # only a measured frame can be a phase
    measured = smoothed[frames]
    span = np.ptp(measured)
    if span < SMALLEST_CHANGE * measured.max():
        return Phases((), (), (), time, unit, smoothed, f"the curve changes by less than {SMALLEST_CHANGE:.0%}.")
    turns = drop_close(find_turns(measured, SWING * span), measured, time[frames], refractory)
    turns = [Turn(int(frames[turn.frame]), turn.kind) for turn in turns if _is_phase(turn, measured, span)]
    ed = tuple(turn.frame for turn in turns if turn.kind == MAXIMUM)
    es = tuple(turn.frame for turn in turns if turn.kind == MINIMUM)
    beats = _pair(turns)
    reason = "" if beats else "the curve has no end-diastole next to an end-systole."
    return Phases(ed, es, beats, time, unit, smoothed, reason)


def _is_phase(turn: Turn, curve: np.ndarray, span: float) -> bool:
    """Return whether a turn is a phase: always inside the clip, and at its ends if the curve is nearly as extreme."""
    extreme = curve.max() if turn.kind == MAXIMUM else curve.min()
    return 0 < turn.frame < len(curve) - 1 or abs(curve[turn.frame] - extreme) <= EDGE_TOLERANCE * span


def _pair(turns: list[Turn]) -> tuple[tuple[int, int], ...]:
    neighbors = list(zip(turns, turns[1:]))
    forward = tuple((a.frame, b.frame) for a, b in neighbors if (a.kind, b.kind) == (MAXIMUM, MINIMUM))
    return forward or tuple((b.frame, a.frame) for a, b in neighbors if (a.kind, b.kind) == (MINIMUM, MAXIMUM))
