"""Facts about a clip that are known before it is measured."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from gdkvm_monai.study.record_types import STRICT, Count, Length, Mode, Positive, Trust, View

__all__ = ["ClipFacts"]


@dataclass(frozen=True, config=STRICT)
class ClipFacts:
    """Facts about the clip itself."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    """first 16 digits of the SHA-256 of the clip's content"""
    view: View | None
    """apical view, as stated by the user"""
    frames: Length
    valid_frames: Count
    """frames that show something; the others have an empty mask"""
    lateral_px: Length
    depth_px: Length
    frame_time_ms: Positive | None
    """mean time between frames"""
    frame_time_source: str | None
    """DICOM attribute, container, or option"""
    frame_rate_hz: Positive | None
    unusable_times: str | None
    """DICOM attribute that should have given the times but cannot be used; they are then of another one, or unknown"""
    spacing_trust: Trust
    """mm, cm2 and mL are given for ok only"""
    spacing_mm: tuple[float, float] | None
    """mm per pixel, lateral and in depth"""
    partial: bool
    """whether frames at the end of the file are missing"""
    mode: Mode
    phantom: bool
    """whether the file says that it shows a phantom; any other clip counts as a patient's"""
    secondary_capture: bool
    """whether a DICOM clip was captured from a screen or converted"""
    tissue_regions: Count
    """number of tissue regions side by side that a DICOM clip states"""
    tissue_region: Count
    """which of them was measured, from left to right; 0 for the whole picture"""
    tissue_region_chosen: bool
    """whether the user chose it; otherwise it is the largest"""
