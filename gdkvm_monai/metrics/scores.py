"""Scores of one mask against its label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FrameScores", "PairScores"]


@dataclass(frozen=True)
class PairScores:
    """Scores of one binary mask against its label; a score that was not requested is ``None``.

    Attributes:
        status: ``"ok"``, ``"one_empty"``, or ``"both_empty"``.
        unit: unit of the distances, ``"mm"`` or ``"px"``.
        dice: overlap in ``[0, 1]``.
        iou: intersection over union in ``[0, 1]``.
        hd: Hausdorff distance.
        hd95: 95th-percentile Hausdorff distance.
        asd: average symmetric surface distance.
        nsd: surface Dice in ``[0, 1]``, by tolerance.
        legacy_row_dice: Dice averaged over image rows, see :func:`~gdkvm_monai.metrics.row_scores.score_rows`.
        legacy_row_iou: IoU averaged over image rows.
    """

    status: str
    unit: str
    dice: float
    iou: float
    hd: float | None = None
    hd95: float | None = None
    asd: float | None = None
    nsd: Mapping[float, float] = field(default_factory=dict)
    legacy_row_dice: float | None = None
    legacy_row_iou: float | None = None

    def columns(self) -> dict[str, float | str]:
        """Return the requested scores as columns of a table, with ``nsd@1`` for a tolerance of 1."""
        names = ("status", "unit", "dice", "iou", "hd", "hd95", "asd")
        columns = {name: getattr(self, name) for name in names}
        columns |= {f"nsd@{tolerance:g}": value for tolerance, value in self.nsd.items()}
        columns |= {"legacy_row_dice": self.legacy_row_dice, "legacy_row_iou": self.legacy_row_iou}
        return {name: value for name, value in columns.items() if value is not None}


@dataclass(frozen=True)
class FrameScores:
    """Scores of one structure in one frame of a clip.

    Attributes:
        frame: index of the frame.
        structure: name of the structure.
        scores: scores of the structure in that frame.
    """

    frame: int
    structure: str
    scores: PairScores
