"""One beat: ventricular volume and mitral valve opening over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["Beat"]


class Beat:
    """Draw the volume curve of a left ventricle, which repeats beat after beat.

    Args:
        rng: random numbers; the same state draws the same beat.

    Attributes:
        ef_percent: ejection fraction, uniform in 20 to 75 %.
        edv_ml, esv_ml: end-diastolic and end-systolic volume of the cavity.
        heart_rate_bpm: beats per minute, 50 to 95.
        systole_fraction: share of the beat from end-diastole to end-systole.

    Example:
        >>> beat = Beat(np.random.default_rng(0))
        >>> edv, esv = beat.volume_ml([0.0, beat.end_systole_s])
        >>> bool(np.isclose(100 * (edv - esv) / edv, beat.ef_percent))
        True
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.ef_percent = float(rng.uniform(20, 75))
        typical_ml = 105 + 1.3 * max(0.0, 50 - self.ef_percent)  # a weak ventricle is a large one
        self.edv_ml = float(np.clip(typical_ml * np.exp(0.22 * rng.standard_normal()), 60, 240))
        self.esv_ml = self.edv_ml * (1 - self.ef_percent / 100)
        self.heart_rate_bpm = float(rng.uniform(50, 95))
        self.systole_fraction = float(rng.uniform(0.35, 0.40))
        self._early_share = rng.uniform(0.55, 0.8)  # of the filling

    @property
    def duration_s(self) -> float:
        """Seconds from end-diastole to end-diastole."""
        return 60 / self.heart_rate_bpm

    @property
    def end_systole_s(self) -> float:
        """Time of end-systole; end-diastole is at 0."""
        return self.duration_s * self.systole_fraction

    def contraction(self, times_s: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return how far the beat has gone from end-diastole (0) to end-systole (1) at times in seconds, ``(T,)``."""
        phase = np.asarray(times_s, dtype=float) * self.heart_rate_bpm / 60 % 1.0
        filling = (phase - self.systole_fraction) / (1 - self.systole_fraction)
        emptied = (1 - np.cos(np.pi * np.clip(phase / self.systole_fraction, 0, 1))) / 2
        early, late = _smooth_step(filling, 0.03, 0.5), _smooth_step(filling, 0.68, 1.0)
        return emptied - self._early_share * early - (1 - self._early_share) * late

    def volume_ml(self, times_s: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the volume of the cavity in mL at times in seconds, ``(T,)``."""
        return self.edv_ml - (self.edv_ml - self.esv_ml) * self.contraction(times_s)

    def mitral_opening(self, times_s: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return the opening of the mitral valve, 0 in systole to 1 in early filling, at times in seconds, ``(T,)``."""
        phase = np.asarray(times_s, dtype=float) * self.heart_rate_bpm / 60 % 1.0
        filling = np.clip((phase - self.systole_fraction) / (1 - self.systole_fraction), 0, 1)
        early, late = np.clip((filling - 0.02) / 0.5, 0, 1), np.clip((filling - 0.62) / 0.37, 0, 1)
        resting = 0.25 * np.clip(np.minimum(filling, 1 - filling) / 0.1, 0, 1)
        return np.maximum(resting, np.maximum(np.sin(np.pi * early) ** 2, 0.7 * np.sin(np.pi * late) ** 2))


def _smooth_step(value: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return a step from 0 to 1 with continuous first and second derivative between ``start`` and ``end``."""
    x = np.clip((value - start) / (end - start), 0, 1)
    return x**3 * (10 + x * (6 * x - 15))
