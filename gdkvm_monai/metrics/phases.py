"""End-diastole and end-systole of every beat, from the area or the volume of the ventricle over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.smoothing import FEWEST_FRAMES, SmoothedCurve, smooth_curve
from gdkvm_monai.metrics.stillness import why_still
from gdkvm_monai.metrics.turns import (
    MAXIMUM,
    MINIMUM,
    NotchShare,
    Turn,
    drop_close,
    drop_notches,
    drop_small_ends,
    find_turns,
)

__all__ = ["Phases", "find_phases"]

WIDEST_S, WIDEST_FRAMES = 0.6, 28
"""Widest window of the smoothing: in seconds, and in frames if the frame rate is unknown."""

REFRACTORY_S, REFRACTORY_FRAMES = 0.18, 5
"""Shortest time between two end-diastoles: in seconds, and in frames if the rate is unknown."""

SWING, END_SWING = 0.1, 0.2
"""Smallest rise or fall between two turns, and between the first two or the last two, as a share of the range: a weak
beat is seen as one only if the clip shows what is before and after it."""

NOTCH = NotchShare(depth=0.35, duration=0.6)
"""A fall below both limits is a notch in diastole; a shallow fall that lasts longer is a weak beat."""

SWING_ERRORS = 4.5
"""Smallest rise or fall between two turns, in standard errors of the smoothed curve."""

EDGE_TOLERANCE = 0.15
"""Largest distance from the curve's extreme at which a turn that the clip cuts is a phase, as a share of the range."""

EDGE_SHARE = 0.2
"""A turn that the clip cuts is a phase if at most this share of the change to the next turn falls into this share of
the time: a curve is flat where it turns, and steep where the clip starts or ends between two turns."""


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
        cut: phases that the start or the end of the clip cuts: their true moment may be outside the clip.
        no_contraction: whether the curve moves no more than its noise explains.
        marked: whether a reader marked end-diastole or end-systole; the volumes of these very frames then count.
    """

    ed: tuple[int, ...]
    es: tuple[int, ...]
    beats: tuple[tuple[int, int], ...]
    time: np.ndarray
    unit: str
    smoothed: np.ndarray
    reason: str = ""
    cut: tuple[int, ...] = ()
    no_contraction: bool = False
    marked: bool = False

    @property
    def rr_ed(self) -> tuple[int, ...]:
        """End-diastoles that bound the RR intervals: of three or more, not a last one that the clip cuts."""
        return self.ed[:-1] if len(self.ed) > 2 and self.ed[-1] in self.cut else self.ed

    @property
    def rr(self) -> np.ndarray:
        """Intervals between the end-diastoles ``rr_ed`` in ``unit``, one fewer than these."""
        return np.diff(self.time[list(self.rr_ed)])

    @property
    def heart_rate_bpm(self) -> float:
        """Beats per minute, from the mean RR interval or, without one, from the mean interval between end-systoles.

        NaN without an interval or a frame rate.
        """
        intervals = self.rr if len(self.rr) else np.diff(self.time[list(self.es)])
        if self.unit != "s" or not len(intervals):
            return np.nan
        return float(60 / intervals.mean())


def find_phases(curve: ArrayLike, time_s: ArrayLike | None = None) -> Phases:
    """Find end-diastole and end-systole in a curve of area or volume.

    The curve is smoothed (:func:`~gdkvm_monai.metrics.smoothing.smooth_curve`). Its turns are the extremes between
    which it rises or falls by at least ``SWING`` of its range and ``SWING_ERRORS`` standard errors. If two
    end-diastoles (or two end-systoles) are closer than the refractory time, the less extreme one is dropped. A
    maximum is dropped with the minimum after it if the fall is both shallower and shorter than ``NOTCH``. The clip cuts
    its first or last turn if the curve does not move away by half as much on the other side; such a turn counts if
    the curve is flat there and within ``EDGE_TOLERANCE`` of the extreme. A frame that could not be measured is never a
    phase.

    Args:
        curve: area or volume, ``(T,)``, in any unit; NaN if a frame could not be measured.
        time_s: time of each frame in seconds, increasing, not necessarily evenly spaced, ``(T,)``; ``None`` if unknown.

    Returns:
        The phases, in frames if the times are unknown. If fewer than two frames could be measured or the curve does not
        change beyond its noise, no phase is found and ``reason`` says why.

    Raises:
        ValueError: if the curve is not 1-D, the times differ from it in length, or the times do not increase.

    Example:
        >>> time_s = np.arange(48) / 24
        >>> find_phases(80 + 40 * np.cos(2 * np.pi * time_s), time_s).beats
        ((0, 12), (24, 36))
    """
    curve = np.asarray(curve, float)
    seconds = time_s is not None
    time = np.asarray(time_s if seconds else np.arange(len(curve)), float)
    if curve.ndim != 1 or curve.shape != time.shape or not (np.diff(time) > 0).all():
        raise ValueError(f"curve {curve.shape} and times {time.shape} must be (T,) each, and the times must increase.")
    unit = "s" if seconds else "frames"
    if np.isfinite(curve).sum() < 2:
        nothing = np.full(curve.shape, np.nan)
        return Phases((), (), (), time, unit, nothing, "fewer than two frames could be measured.")
    widest = WIDEST_S if seconds else WIDEST_FRAMES
    fit = smooth_curve(curve, time, widest)
    frames = np.flatnonzero(np.isfinite(curve))  # only a measured frame can be a phase
    still = why_still(curve[frames], fit.values[frames], time[frames], seconds, widest)
    if still:
        return Phases((), (), (), time, unit, fit.values, still, no_contraction=True)
    turns, cut = _turns(fit, frames, time, REFRACTORY_S if seconds else REFRACTORY_FRAMES)
    ed = tuple(turn.frame for turn in turns if turn.kind == MAXIMUM)
    es = tuple(turn.frame for turn in turns if turn.kind == MINIMUM)
    beats = _pair(turns)
    reason = "" if beats else "the curve has no end-diastole next to an end-systole."
    return Phases(ed, es, beats, time, unit, fit.values, reason, cut)


def _turns(
    fit: SmoothedCurve, frames: np.ndarray, time: np.ndarray, refractory: float
) -> tuple[list[Turn], tuple[int, ...]]:
    """Return the phases among the turns of the smoothed curve at the measured frames, and those that the clip cuts."""
    curve, time = fit.values[frames], time[frames]
    swing, end_swing = np.maximum(
        np.multiply((SWING, END_SWING), np.ptp(curve)), SWING_ERRORS * np.nan_to_num(np.median(fit.error))
    )
    turns = drop_small_ends(drop_close(find_turns(curve, swing), curve, time, refractory), curve, end_swing)
    cut = []
    if len(turns) > 1:
        first, last = turns[0].frame, turns[-1].frame
        sides = ((turns[0], turns[1], curve[: first + 1]), (turns[-1], turns[-2], curve[last:]))
        cut = [(turn, other) for turn, other, side in sides if np.ptp(side) < end_swing / 2]
        turns = drop_notches(turns, curve, time, NOTCH, [turn for turn, _ in cut])
    dropped = {turn for turn, other in cut if not _is_flat_extreme(turn, other.frame, curve, time)}
    kept = [Turn(int(frames[turn.frame]), turn.kind) for turn in turns if turn not in dropped]
    return kept, tuple(int(frames[turn.frame]) for turn, _ in cut if turn not in dropped)


def _is_flat_extreme(turn: Turn, other: int, curve: np.ndarray, time: np.ndarray) -> bool:
    """Return whether the curve is near its extreme at a turn, and flat there compared with the way to the next turn."""
    extreme = curve.max() if turn.kind == MAXIMUM else curve.min()
    if abs(curve[turn.frame] - extreme) > EDGE_TOLERANCE * np.ptp(curve):
        return False
    if abs(other - turn.frame) < FEWEST_FRAMES - 1:
        return True  # too few frames to tell
    near = time[turn.frame] + EDGE_SHARE * (time[other] - time[turn.frame])
    change = (np.interp(near, time, curve) - curve[turn.frame]) / (curve[other] - curve[turn.frame])
    return bool(change <= EDGE_SHARE)


def _pair(turns: list[Turn]) -> tuple[tuple[int, int], ...]:
    neighbors = list(zip(turns, turns[1:]))
    forward = tuple((a.frame, b.frame) for a, b in neighbors if (a.kind, b.kind) == (MAXIMUM, MINIMUM))
    return forward or tuple((b.frame, a.frame) for a, b in neighbors if (a.kind, b.kind) == (MINIMUM, MAXIMUM))
