"""Simulated volume curves of the left ventricle: regular, irregular, and ectopic rhythm, noise, any start in a beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

__all__ = ["EDV_ML", "RHYTHMS", "Cell", "SimulatedClip", "draw_clip", "draw_still_clip"]

EDV_ML = 120.0
RHYTHMS = ("regular", "irregular", "ectopic")


@dataclass(frozen=True)
class Cell:
    """Kind of clip: frames per second, beats per minute, rhythm, and noise as a share of the end-diastolic volume."""

    rate_hz: float
    rate_bpm: float
    rhythm: str
    noise: float


@dataclass(frozen=True)
class SimulatedClip:
    """Volumes ``(T,)`` with noise; for each beat the times of its phases, its ejection fraction, and whether its
    interval is that of an ectopic beat or of the pause after it; whether the rhythm is irregular."""

    time_s: np.ndarray
    volume_ml: np.ndarray
    ed_s: np.ndarray
    es_s: np.ndarray
    ef_percent: np.ndarray
    odd: np.ndarray
    irregular: bool = False

    @property
    def rhythm(self) -> str:
        """Return the simulated rhythm of the complete beats; unknown for fewer than two.

        An ectopic beat counts if its interval or the pause after it is among them.
        """
        if len(self.complete) < 2:
            return "unknown"
        return "irregular" if self.irregular else "ectopic" if self.odd[self.complete].any() else "regular"

    @property
    def complete(self) -> np.ndarray:
        """Return the beats that begin and end in the clip."""
        return np.flatnonzero((self.ed_s[:-1] >= 0) & (self.ed_s[1:] <= self.time_s[-1]))


def draw_intervals(rng: np.random.Generator, cell: Cell, duration_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw the RR intervals of a clip: constant within 2 % (SD), uniform within 30 %, or with one ectopic beat.

    Also returns which intervals are those of the ectopic beat and of the pause after it.
    """
    typical = 60 / cell.rate_bpm
    count = int(duration_s / (0.65 * typical)) + 7
    if cell.rhythm == "irregular":
        return typical * rng.uniform(0.7, 1.3, count), np.zeros(count, bool)
    intervals, odd = typical * (1 + 0.02 * rng.standard_normal(count)), np.zeros(count, bool)
    if cell.rhythm == "ectopic":
        first, early = 2 + rng.integers(max(1, int(duration_s / typical))), rng.uniform(0.55, 0.75)
        intervals[first : first + 2] = typical * early, typical * (2 - early)  # with a full compensatory pause
        odd[first : first + 2] = True
    return intervals, odd


def draw_clip(
    rng: np.random.Generator, cell: Cell, duration_s: float | None = None, ef_percent: float | None = None
) -> SimulatedClip:
    """Draw one clip; volume and ejection fraction of a beat grow with the interval before it."""
    duration_s = rng.uniform(0.7, 6) if duration_s is None else duration_s
    typical_s, (rr_s, odd) = 60 / cell.rate_bpm, draw_intervals(rng, cell, duration_s)
    filling_time = np.append(1.0, rr_s[:-1] / typical_s)
    normal = rng.standard_normal((2, len(rr_s)))
    edv = EDV_ML * np.clip(1 + 0.25 * (filling_time - 1), 0.5, 1.3) * (1 + 0.01 * normal[0])
    strength = np.clip(1 + 0.3 * (filling_time - 1), 0.4, 1.15) * (1 + 0.02 * normal[1])
    ef = np.clip((rng.uniform(15, 75) if ef_percent is None else ef_percent) / 100 * strength, 0.0, 0.85)
    systole_s = np.minimum(0.35 * typical_s**0.65 * rng.uniform(0.9, 1.1), 0.62 * rr_s)
    ed_s = np.cumsum(rr_s) - rr_s
    start_s = ed_s[1] + rng.uniform() * rr_s[1]
    time_s = np.arange(int(duration_s * cell.rate_hz)) / cell.rate_hz
    beats = np.stack([ed_s, rr_s, systole_s, edv, edv * (1 - ef), np.append(edv[1:], edv[-1])])
    volume_ml = volume_curve(time_s + start_s, beats, skew=rng.uniform(0.8, 1.1), early_share=rng.uniform(0.55, 0.8))
    volume_ml += cell.noise * EDV_ML * rng.standard_normal(len(time_s))
    phases_s = ed_s - start_s, ed_s + systole_s - start_s
    return SimulatedClip(time_s, volume_ml, *phases_s, 100 * ef, odd, cell.rhythm == "irregular")


def draw_still_clip(rng: np.random.Generator, cell: Cell, memory: float) -> SimulatedClip:
    """Draw a clip without motion; ``memory`` is the correlation of the noise from frame to frame."""
    time_s = np.arange(int(rng.uniform(0.7, 6) * cell.rate_hz)) / cell.rate_hz
    warm_up = 50
    white = rng.standard_normal(len(time_s) + warm_up)
    noise = lfilter([np.sqrt(1 - memory**2)], [1, -memory], white)[warm_up:]
    beats = np.array([-2.0, -1.0])  # before the clip
    return SimulatedClip(time_s, EDV_ML * (1 + cell.noise * noise), beats, beats, np.zeros(2), np.zeros(2, bool))


def volume_curve(time_s: np.ndarray, beats: np.ndarray, skew: float, early_share: float) -> np.ndarray:
    """Return the volumes: isovolumic contraction, ejection, isovolumic relaxation, early filling, and atrial filling.

    At high rates the two filling waves, whose shortest durations are 0.2 and 0.15 s, merge.
    """
    index = np.searchsorted(beats[0], time_s, side="right") - 1
    begin, rr, systole, edv, esv, next_edv = beats[:, index]
    since = time_s - begin
    ejected = (1 - np.cos(np.pi * np.clip((since / systole - 0.08) / 0.92, 0, 1) ** skew)) / 2
    filling, diastole = since - 1.12 * systole, rr - 1.12 * systole
    early = np.maximum(0.45 * diastole, np.minimum(0.2, 0.85 * diastole))
    late = np.minimum(0.15, 0.8 * diastole)
    filled = early_share * _step(filling / early) + (1 - early_share) * _step((filling - diastole + late) / late)
    return np.where(since <= systole, edv - (edv - esv) * ejected, esv + (next_edv - esv) * filled)


def _step(value: np.ndarray) -> np.ndarray:
    x = np.clip(value, 0, 1)
    return x**3 * (10 + x * (6 * x - 15))
