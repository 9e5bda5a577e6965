"""Captions of the frames of a clip in its movie."""

from __future__ import annotations

from gdkvm_monai.study.curves import shown_phases
from gdkvm_monai.study.frame_table import FrameTable
from gdkvm_monai.study.measurements import Measurements

__all__ = ["frame_captions"]


def frame_captions(measurements: Measurements, frames: FrameTable) -> list[tuple[str, str]]:
    """Return two lines for each frame: its number, time, and phase; and the notice."""
    phases = {frame: name for name, numbers in shown_phases(measurements).items() for frame in numbers}
    captions = []
    for frame, time_s in enumerate(frames.time_s):
        facts = [f"frame {frame}", None if time_s is None else f"{time_s:.2f} s", phases.get(frame)]
        captions.append(("   ".join(filter(None, facts)), measurements.notice))
    return captions
