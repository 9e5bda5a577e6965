"""Diagnostics of an evaluation that complement accuracy: anatomical plausibility and smoothness of motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from gdkvm_monai.evaluation.bootstrap import UNBOUNDED, bootstrap_interval, mean_over_patients
from gdkvm_monai.labels import BACKGROUND, UNLABELED
from gdkvm_monai.metrics.anatomy import LEAK, Anatomy, check_anatomy
from gdkvm_monai.metrics.temporal import Motion, measure_temporal_consistency

__all__ = ["DENSE_FRAMES", "ClipDiagnostics", "DiagnosticsSummary", "diagnose_clip", "summarize_diagnostics"]

DENSE_FRAMES = 5
"""Smallest number of frames in a clip whose motion is measured."""

SIDES = ("predicted", "reference")


@dataclass(frozen=True)
class AnatomyCounts:
    """Number of frames checked, and number of frames with each finding.

    Attributes:
        frames: frames checked.
        valid: frames that are valid by :class:`~gdkvm_monai.metrics.anatomy.Anatomy`.
        without_lv: frames in which the cavity is missing.
        in_parts: frames in which a structure has more than one part.
        with_holes: frames in which a structure has a hole.
        leaking: frames in which the leak of the cavity exceeds ``LEAK``.
        la_apart: frames in which cavity and atrium are present but do not touch.
    """

    frames: int
    valid: int
    without_lv: int
    in_parts: int
    with_holes: int
    leaking: int
    la_apart: int


@dataclass(frozen=True)
class MaskDiagnostics:
    """Diagnostics of the masks of one clip; the motion is NaN if frames are few or neighbors are not annotated."""

    anatomy: AnatomyCounts
    motion: Motion


@dataclass(frozen=True)
class ClipDiagnostics:
    """Diagnostics of the prediction and the reference of one clip; ``unit`` is the unit of ``center_jump``."""

    unit: str
    predicted: MaskDiagnostics
    reference: MaskDiagnostics

    def columns(self) -> dict[str, str | int | float]:
        """Return the columns of ``diagnostics.csv``, for example ``predicted_area_jump_mean``."""
        columns: dict[str, str | int | float] = {"unit": self.unit}
        for name in SIDES:
            side: MaskDiagnostics = getattr(self, name)
            columns |= {f"{name}_{key}": value for part in vars(side).values() for key, value in vars(part).items()}
        return columns


@dataclass(frozen=True)
class ClipMean:
    """Mean over patients of a value that is defined in ``n_clips`` clips, and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    n_clips: int


@dataclass(frozen=True)
class AnatomySummary(AnatomyCounts):
    """Frame counts summed over the clips, and the share of valid frames averaged over the patients."""

    valid_share: ClipMean


@dataclass(frozen=True)
class MotionSummary:
    """Each value of :class:`~gdkvm_monai.metrics.temporal.Motion`, averaged over the patients."""

    unit: str
    predicted: Mapping[str, ClipMean]
    reference: Mapping[str, ClipMean]


@dataclass(frozen=True)
class DiagnosticsSummary:
    """Diagnostics of many clips; the keys of ``anatomy`` are ``"predicted"`` and ``"reference"``."""

    anatomy: Mapping[str, AnatomySummary]
    motion: MotionSummary


def diagnose_clip(
    prediction: np.ndarray, label: np.ndarray, spacing_mm: Sequence[float] | None = None
) -> ClipDiagnostics:
    """Check the anatomy of each frame and, in clips of at least ``DENSE_FRAMES``, the motion of the ventricle.

    Args:
        prediction: class indices ``(H, W, T)``; all frames are checked, annotated or not.
        label: class indices ``(H, W, T)``; annotated frames are checked by the same rules, for comparison.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` to measure in pixels.
    """
    unit = "px" if spacing_mm is None else "mm"
    return ClipDiagnostics(unit, *(_diagnose(clip, spacing_mm) for clip in (prediction, label)))


def summarize_diagnostics(clips: Sequence[ClipDiagnostics], patients: Sequence[str]) -> DiagnosticsSummary:
    """Average the diagnostics over patients, with 95 % bootstrap intervals.

    Args:
        clips: diagnostics of each clip.
        patients: patient of each clip.
    """
    sides = {name: [getattr(clip, name) for clip in clips] for name in SIDES}
    motion = {
        name: {
            field.name: _describe([getattr(side.motion, field.name) for side in found], patients)
            for field in fields(Motion)
        }
        for name, found in sides.items()
    }
    return DiagnosticsSummary(
        anatomy={name: _sum([side.anatomy for side in found], patients) for name, found in sides.items()},
        motion=MotionSummary("/".join(sorted({clip.unit for clip in clips})), **motion),
    )


def _diagnose(clip: np.ndarray, spacing_mm: Sequence[float] | None) -> MaskDiagnostics:
    annotated = np.flatnonzero(~(clip == UNLABELED).any(axis=(0, 1)))
    dense = clip.shape[-1] >= DENSE_FRAMES
    motion = measure_temporal_consistency(clip, spacing_mm).summary() if dense else Motion()
    return MaskDiagnostics(_count([_check(clip[..., frame]) for frame in annotated]), motion)


def _check(frame: np.ndarray) -> Anatomy:
    """Check one frame, cropped to its structures, which saves time and changes none of the counted checks."""
    rows, columns = np.nonzero(frame != BACKGROUND)
    if len(rows):
        frame = frame[max(rows.min() - 2, 0) : rows.max() + 3, max(columns.min() - 2, 0) : columns.max() + 3]
    return check_anatomy(frame)


def _count(frames: Sequence[Anatomy]) -> AnatomyCounts:
    shapes = [frame.structures for frame in frames]
    return AnatomyCounts(
        frames=len(frames),
        valid=sum(frame.valid for frame in frames),
        without_lv=sum(frame["LV"].parts == 0 for frame in shapes),
        in_parts=sum(any(shape.parts > 1 for shape in frame.values()) for frame in shapes),
        with_holes=sum(any(shape.holes > 0 for shape in frame.values()) for frame in shapes),
        leaking=sum(frame.lv_leak > LEAK for frame in frames),
        la_apart=sum(
            f.structures["LV"].parts > 0 and f.structures["LA"].parts > 0 and not f.la_touches_lv for f in frames
        ),
    )


def _sum(clips: Sequence[AnatomyCounts], patients: Sequence[str]) -> AnatomySummary:
    totals = {field.name: sum(getattr(clip, field.name) for clip in clips) for field in fields(AnatomyCounts)}
    shares = [clip.valid / (clip.frames or np.nan) for clip in clips]
    return AnatomySummary(**totals, valid_share=_describe(shares, patients, (0.0, 1.0)))


def _describe(values: Sequence[float], patients: Sequence[str], bounds: tuple[float, float] = UNBOUNDED) -> ClipMean:
    known = [value if np.isfinite(value) else np.nan for value in values]
    interval = bootstrap_interval(known, patients, bounds=bounds)
    return ClipMean(mean_over_patients(known, patients), *interval, int(np.isfinite(known).sum()))
