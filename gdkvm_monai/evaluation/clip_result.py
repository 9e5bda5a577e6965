"""Scores of one clip, and the table of scores of many clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.diagnostics import ClipDiagnostics
from gdkvm_monai.metrics.scores import FrameScores

__all__ = ["ClipResult", "frame_table"]


@dataclass(frozen=True)
class ClipResult:
    """Scores and the end-diastolic and end-systolic masks of one clip.

    Attributes:
        patient: identifier of the patient.
        view: ``"2CH"``, ``"4CH"`` or ``"unknown"``.
        image_quality: image quality as graded in the data set.
        dataset_ef_percent: ejection fraction given in the data set, or NaN.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` if unknown.
        scores: result of :func:`~gdkvm_monai.metrics.score_clip`.
        ends_are_phases: whether the first frame is end-diastole and the last frame end-systole.
        prediction_ends: class indices ``(H, W, 2)`` of the first and the last frame of the prediction.
        label_ends: class indices ``(H, W, 2)`` of the first and the last frame of the reference.
        num_frames: number of frames in the clip.
        diagnostics: diagnostics of the whole clip, or ``None``.
    """

    patient: str
    view: str
    image_quality: str
    dataset_ef_percent: float
    spacing_mm: tuple[float, float] | None
    scores: Sequence[FrameScores]
    ends_are_phases: bool
    prediction_ends: np.ndarray
    label_ends: np.ndarray
    num_frames: int
    diagnostics: ClipDiagnostics | None = None

    @property
    def ef_class(self) -> str:
        """Class of the ejection fraction given in the data set."""
        ef = self.dataset_ef_percent
        return "unknown" if np.isnan(ef) else "< 40 %" if ef < 40 else "40-55 %" if ef <= 55 else "> 55 %"

    def phase(self, frame: int) -> str:
        """Return ``"ED"``, ``"ES"``, ``"between"``, or ``"unknown"`` if the ends are not known to be ED and ES."""
        if not self.ends_are_phases:
            return "unknown"
        return {0: "ED", self.num_frames - 1: "ES"}.get(frame, "between")


def frame_table(clips: Sequence[ClipResult]) -> pd.DataFrame:
    """Return the scores of many clips as the table ``per_frame.csv``, one row per annotated frame and structure."""
    return pd.DataFrame([row for clip in clips for row in _rows(clip)])


def _rows(clip: ClipResult) -> Iterator[dict[str, str | int | float]]:
    spacing = clip.spacing_mm or (1.0, 1.0)
    for scored in clip.scores:
        yield {
            "patient": clip.patient,
            "view": clip.view,
            "frame": scored.frame,
            "phase": clip.phase(scored.frame),
            "structure": scored.structure,
            **scored.scores.columns(),
            "spacing_axis0": spacing[0],
            "spacing_axis1": spacing[1],
            "image_quality": clip.image_quality,
            "ef_class": clip.ef_class,
        }
