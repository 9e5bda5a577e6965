"""The ejection fraction of each beat of a clip, computed from the volume of each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gdkvm_monai.metrics.ejection_fraction import Volumes
from gdkvm_monai.metrics.phases import Phases
from gdkvm_monai.metrics.volume import ejection_fraction

__all__ = ["BeatEjectionFraction", "MeanEjectionFraction", "measure_beats"]


@dataclass(frozen=True, kw_only=True)
class BeatEjectionFraction(Volumes):
    """Volumes and ejection fraction of one beat.

    Attributes:
        ed_frame: frame of end-diastole.
        es_frame: frame of end-systole.
    """

    ed_frame: int
    es_frame: int


@dataclass(frozen=True, kw_only=True)
class MeanEjectionFraction(Volumes):
    """Means over the beats whose ejection fraction could be measured; NaN if there are none.

    Attributes:
        ef_sd_percent: standard deviation of the ejection fractions (ddof 1); NaN for fewer than two beats.
        n_beats: number of beats in the means.
        beats: all beats, including those that could not be measured.
    """

    ef_sd_percent: float
    n_beats: int
    beats: tuple[BeatEjectionFraction, ...]


def measure_beats(volumes: ArrayLike, phases: Phases, volumes_ml: ArrayLike | None = None) -> MeanEjectionFraction:
    """Compute the volumes and the ejection fraction of each beat, with their means and spread.

    Args:
        volumes: volume of each frame, ``(T,)``, in any unit, NaN if it could not be measured; the ejection fractions
            are computed from these. Pass ``phases.smoothed`` if the phases were found in a volume curve and its noise
            should be averaged out. Areas give the fractional area change instead.
        phases: result of :func:`~gdkvm_monai.metrics.phases.find_phases`.
        volumes_ml: the volumes in mL, ``(T,)``; ``None`` if the pixel spacing is unknown.

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
    beats = tuple(
        BeatEjectionFraction(
            ed_frame=ed,
            es_frame=es,
            edv_ml=float(known[ed]),
            esv_ml=float(known[es]),
            ef_percent=ejection_fraction(volumes[ed], volumes[es]),
        )
        for ed, es in phases.beats
    )
    measured = [beat for beat in beats if not np.isnan(beat.ef_percent)]
    fractions = [beat.ef_percent for beat in measured]
    return MeanEjectionFraction(
        edv_ml=_mean([beat.edv_ml for beat in measured]),
        esv_ml=_mean([beat.esv_ml for beat in measured]),
        ef_percent=_mean(fractions),
        ef_sd_percent=float(np.std(fractions, ddof=1)) if len(fractions) > 1 else np.nan,
        n_beats=len(measured),
        beats=beats,
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan
