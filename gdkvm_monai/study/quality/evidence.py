"""Input of the quality check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gdkvm_monai.metrics.anatomy import Anatomy
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import ClipNumbers, Reason
from gdkvm_monai.study.run_record import WeightsRecord
from gdkvm_monai.study.segmented_frame import SegmentedFrame

__all__ = ["Check", "Evidence"]


@dataclass(frozen=True)
class Evidence:
    """Input of the quality check besides the measurements.

    Attributes:
        table: values of every frame.
        frames: the same frames with anatomy and intensities.
        edge_fraction: largest share of the ventricle's outline on the sector's edge, 0 to 1; NaN if unknown.
        weights: what the weights were trained on.
        expected: structures that the masks must show, because the network found them before the masks were edited.
    """

    table: FrameTable
    frames: Sequence[SegmentedFrame]
    edge_fraction: float
    weights: WeightsRecord
    expected: tuple[str, ...] = ()

    @property
    def valid(self) -> np.ndarray:
        """Whether each frame could be segmented, bool ``(T,)``."""
        return np.array(self.table.valid, bool)

    @property
    def anatomy(self) -> list[Anatomy]:
        """Anatomy of every frame."""
        return [frame.measured.anatomy for frame in self.frames]

    def area(self, structure: str) -> np.ndarray:
        """Return the area of a structure in pixels ``(T,)``; NaN in invalid frames."""
        return np.where(self.valid, np.array(self.table.area_px[structure], float), np.nan)


Check = Callable[[ClipNumbers, Evidence], Iterator[Reason]]
"""One check: yields a reason for everything that it finds."""
