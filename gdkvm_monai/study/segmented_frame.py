"""Results of the frame loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdkvm_monai.metrics.frame_measurements import FrameMeasurement
from gdkvm_monai.metrics.sector import Sector

__all__ = ["SegmentedClip", "SegmentedFrame"]


@dataclass(frozen=True)
class SegmentedFrame:
    """Measurements of one segmented frame.

    Attributes:
        measured: areas, volume, and anatomy of the mask.
        valid: whether the frame could be segmented.
        confidence: lowest Dice of the left ventricle with perturbed copies, 0 to 1; NaN without copies.
        intensity_mean: mean of the frame as the network sees it.
        intensity_sd: standard deviation of the frame as the network sees it.
    """

    measured: FrameMeasurement
    valid: bool
    confidence: float
    intensity_mean: float
    intensity_sd: float


@dataclass(frozen=True)
class SegmentedClip:
    """Measurements of all frames of a clip.

    Attributes:
        frames: measurements of each frame.
        copy_volumes: volume of every frame of each perturbed copy, in the unit of the frames' volumes.
        sector: part of the image that shows an echo.
    """

    frames: Sequence[SegmentedFrame]
    copy_volumes: Sequence[Sequence[float]]
    sector: Sector
