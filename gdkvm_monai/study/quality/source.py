"""Checks of the clip itself: timing, spacing, mode, completeness, motion, and field of view."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gdkvm_monai.data.mode import COLOR_DOPPLER
from gdkvm_monai.study.measurements import ClipNumbers, Reason
from gdkvm_monai.study.quality.evidence import Evidence

__all__ = ["check_field", "check_motion", "check_source", "check_timing"]

LOWEST_RATE_HZ = 20.0
"""Frame rate below which end-systole may fall between two frames."""

FROZEN_S, FROZEN_FRAMES = 0.2, 10
"""Time, or number of frames if the rate is unknown, for which a picture may stand still.

Copies of single frames, which a conversion to a higher frame rate makes, are shorter.
"""

SPACING_PROBLEMS = {"conflict": "in conflict: two statements differ, or no echo shows a field of this size"}

DEPTH_USUAL_MM, DEPTH_POSSIBLE_MM = (80.0, 310.0), (50.0, 350.0)
"""Depths of the field of view of an apical clip outside of which the verdict is ``check`` or ``reject``."""


def check_timing(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the frame rate is known, is the one that the header names, and is high enough."""
    rate_hz, unusable = numbers.clip.frame_rate_hz, numbers.clip.unusable_times
    if unusable and rate_hz is not None:
        yield Reason(
            "frame_times",
            "check",
            f"{unusable} in the header cannot be used; the times are those of {numbers.clip.frame_time_source} and may "
            "be wrong; state the rate with --fps.",
        )
    if rate_hz is None:
        source = numbers.clip.frame_time_source if numbers.clip.frames > 1 else None
        why = f": the time between frames in the file ({source}) is not that of an echo" if source else ""
        why = f": {unusable} in the header cannot be used" if unusable else why
        yield Reason("frame_rate", "check", f"the frame rate is unknown{why}; state it with --fps.")
    elif rate_hz < LOWEST_RATE_HZ:
        yield Reason(
            "frame_rate",
            "check",
            f"the frame rate is {rate_hz:.0f} Hz, below {LOWEST_RATE_HZ:.0f} Hz; end-systole may be missed.",
        )


def check_source(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check spacing, mode, and completeness."""
    clip = numbers.clip
    if clip.spacing_trust != "ok":
        problem = SPACING_PROBLEMS.get(clip.spacing_trust, clip.spacing_trust)
        yield Reason(
            "spacing",
            "check",
            f"the pixel spacing is {problem}; there are no volumes in mL, and the ejection fraction assumes "
            "square pixels.",
        )
    if clip.mode not in ("B-mode", "unknown"):
        verdict = "check" if clip.mode == COLOR_DOPPLER else "reject"  # color flow lies upon B-mode
        yield Reason("mode", verdict, f"the clip shows {clip.mode}, but the network was trained on B-mode only.")
    if clip.secondary_capture:
        yield Reason(
            "secondary_capture",
            "check",
            "the clip is a secondary capture; its timing and spacing may be those of a copy.",
        )
    if clip.tissue_regions > 1 and clip.tissue_region and not clip.tissue_region_chosen:
        yield Reason(
            "tissue_regions",
            "check",
            f"the picture has {clip.tissue_regions} tissue regions side by side; number {clip.tissue_region} from the "
            "left, the largest or first, was measured; choose with --region.",
        )
    if clip.partial:
        yield Reason("partial", "check", "frames at the end of the file are missing.")
    if clip.valid_frames < clip.frames:
        missing, verdict = clip.frames - clip.valid_frames, "check" if clip.valid_frames else "reject"
        yield Reason(
            "invalid_frames", verdict, f"{missing} of {clip.frames} frames show nothing and have an empty mask."
        )


def check_motion(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the picture does not stand still for longer than a heart does.

    Frames count as the same picture if their mean and standard deviation are equal to the last bit.
    """
    pictures = [(frame.intensity_mean, frame.intensity_sd) if frame.valid else None for frame in evidence.frames]
    runs, start = [(0, 0)], 0
    for picture, run in groupby(pictures):
        length = len(list(run))
        runs += [(length, start)] if picture is not None else []
        start += length
    longest, first = max(runs, key=lambda run: run[0])
    rate_hz = numbers.clip.frame_rate_hz
    if longest > (FROZEN_FRAMES if rate_hz is None else max(2, FROZEN_S * rate_hz)):
        yield Reason("frozen", "check", f"the picture stands still for {longest} frames, from frame {first} on.")


def check_field(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the field of view is as deep as an apical clip of the heart needs."""
    clip = numbers.clip
    if clip.spacing_mm is None or clip.spacing_trust != "ok":
        return
    depth_mm = clip.depth_px * clip.spacing_mm[1]
    if not DEPTH_USUAL_MM[0] <= depth_mm <= DEPTH_USUAL_MM[1]:
        verdict = "check" if DEPTH_POSSIBLE_MM[0] <= depth_mm <= DEPTH_POSSIBLE_MM[1] else "reject"
        low, high = DEPTH_USUAL_MM if verdict == "check" else DEPTH_POSSIBLE_MM
        yield Reason(
            "field_depth",
            verdict,
            f"the image is {depth_mm:.0f} mm deep, outside the {low:.0f} to {high:.0f} mm of an apical clip.",
        )
