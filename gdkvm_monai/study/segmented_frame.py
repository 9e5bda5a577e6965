"""Results of the loop over a clip's frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdkvm_monai.metrics.frame_measurements import FrameMeasurement
from gdkvm_monai.metrics.sector import Sector

__all__ = ["SegmentedClip", "SegmentedFrame"]


@dataclass(frozen=True)
class SegmentedFrame:
    """The numbers of one segmented frame.

    Attributes:
        measured: areas, volume, parts and holes of its mask.
        valid: whether the frame could be segmented.
        confidence: lowest Dice of the left ventricle with perturbed copies, 0 to 1; NaN without copies.
        intensity_mean: mean of the frame as the network saw it.
        intensity_sd: standard deviation of the same.
    """

    measured: FrameMeasurement
    valid: bool
    confidence: float
    intensity_mean: float
    intensity_sd: float


@dataclass(frozen=True)
class SegmentedClip:
    """The numbers of all frames of a clip.

    Attributes:
        frames: one by one.
        copy_volumes: for each perturbed copy of the clip the volume of every frame, in the unit of the frames' volumes.
        sector: the part of the image that shows an echo.
    """

    frames: Sequence[SegmentedFrame]
    copy_volumes: Sequence[Sequence[float]]
    sector: Sector
