"""Scores of one clip, and the table of scores of many clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gdkvm_monai.evaluation.diagnostics import ClipDiagnostics
from gdkvm_monai.evaluation.recorded import Recorded
from gdkvm_monai.metrics.scores import FrameScores

__all__ = ["ClipResult", "frame_table"]


@dataclass(frozen=True)
class ClipResult:
    """Scores and the end-diastolic and end-systolic masks of one clip, which patient, view, and clip identify.

    Attributes:
        patient: identifier of the patient.
        view: ``"2CH"``, ``"4CH"`` or ``"unknown"``.
        clip: file of the clip, see :func:`~gdkvm_monai.evaluation.clip_names.name_clips`; empty if it is unknown.
        recorded: what the data set states about the clip.
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
    clip: str
    recorded: Recorded
    spacing_mm: tuple[float, float] | None
    scores: Sequence[FrameScores]
    ends_are_phases: bool
    prediction_ends: np.ndarray
    label_ends: np.ndarray
    num_frames: int
    diagnostics: ClipDiagnostics | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Patient, view, and clip, which together identify the clip."""
        return self.patient, self.view, self.clip

    @property
    def image_quality(self) -> str:
        """Recorded image quality, with the view for which it was recorded if that is another one: ``"Good (2CH)"``."""
        return self._with_view(self.recorded.image_quality)

    @property
    def ef_class(self) -> str:
        """Class of the recorded ejection fraction, with its view as in :attr:`image_quality`."""
        return self._with_view(self.recorded.ef_class)

    @property
    def diagonal(self) -> float:
        """Diagonal of the field of view, in mm, or in pixels without a spacing: the distance of a missed structure."""
        rows, columns = self.label_ends.shape[:2]
        step = self.spacing_mm or (1.0, 1.0)
        return float(np.hypot((rows - 1) * step[0], (columns - 1) * step[1]))

    def phase(self, frame: int) -> str:
        """Return ``"ED"``, ``"ES"``, ``"between"``, or ``"unknown"`` if the ends are not known to be ED and ES."""
        if not self.ends_are_phases:
            return "unknown"
        return {0: "ED", self.num_frames - 1: "ES"}.get(frame, "between")

    def _with_view(self, stated: str) -> str:
        return stated if self.recorded.view == self.view or stated == "unknown" else f"{stated} ({self.recorded.view})"


def frame_table(clips: Sequence[ClipResult]) -> pd.DataFrame:
    """Return the scores of many clips as the table ``per_frame.csv``, one row per annotated frame and structure."""
    return pd.DataFrame([row for clip in clips for row in _rows(clip)])


def _rows(clip: ClipResult) -> Iterator[dict[str, str | int | float]]:
    spacing = clip.spacing_mm or (1.0, 1.0)
    for scored in clip.scores:
        yield {
            "patient": clip.patient,
            "view": clip.view,
            "clip": clip.clip,
            "frame": scored.frame,
            "phase": clip.phase(scored.frame),
            "structure": scored.structure,
            **scored.scores.columns(),
            "spacing_axis0": spacing[0],
            "spacing_axis1": spacing[1],
            "diagonal": clip.diagonal,
            "image_quality": clip.image_quality,
            "ef_class": clip.ef_class,
        }
