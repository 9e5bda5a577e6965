"""Acquisition times of the frames of a DICOM clip."""

from __future__ import annotations

import math
from itertools import accumulate
from statistics import median
from typing import Any

from gdkvm_monai.data.clip import ClipMeta
from gdkvm_monai.data.geometry import frame_time_meta, plausible_frame_time

__all__ = ["frame_times"]

POINTERS = {0x00181063: "FrameTime", 0x00181065: "FrameTimeVector"}  # tags
LONGEST_PAUSE_MS = 60_000
GROWING = 0.75  # share of growing steps from which on they are onsets


def frame_times(header: Any, count: int, read: int) -> ClipMeta:
    """Read frame times from the first usable of FrameTimeVector, FrameTime, CineRate, and RecommendedDisplayFrameRate.

    ``FrameIncrementPointer`` decides between the first two: a vector that it does not name is of another clip. A vector
    of onsets, of another length, or with a step that no clip has is not used.

    Args:
        header: pydicom data set.
        count: number of frames in the header.
        read: number of frames that were read.

    Returns:
        ``frame_time_ms`` (mean time between frames), ``frame_time_source``, and, from a vector, ``frame_times_ms``: the
        onsets of the frames that were read, separated by spaces. Without a plausible time, only the source that states
        an implausible one, and nothing if none is stated. ``unusable_times``: the attribute that should have given
        the times, if it cannot be used.
    """
    pointed = _pointed(header)
    named = (pointed or _stated(header)) if count > 1 else None
    times = _usable_times(header, count, read, in_vector=pointed != "FrameTime")
    return times if named in (None, times.get("frame_time_source")) else {**times, "unusable_times": named}


def _pointed(header: Any) -> str | None:
    """Name the attribute to which ``FrameIncrementPointer`` points, itself if that is not one of times."""
    pointer = header.get("FrameIncrementPointer")
    if not pointer:
        return None
    tags = [pointer] if isinstance(pointer, (int, str)) else pointer
    return next((POINTERS[tag] for tag in tags if tag in POINTERS), "FrameIncrementPointer")


def _stated(header: Any) -> str | None:
    return next((name for name in ("FrameTimeVector", "FrameTime") if header.get(name) not in (None, "")), None)


def _usable_times(header: Any, count: int, read: int, in_vector: bool) -> ClipMeta:
    steps = _numbers(header.get("FrameTimeVector"))[1:]  # the first entry precedes the first frame
    if in_vector and count > 1 and len(steps) == count - 1 and _are_increments(steps):
        onsets = list(accumulate(steps, initial=0.0))
        times: ClipMeta = {"frame_time_ms": onsets[-1] / len(steps), "frame_time_source": "FrameTimeVector"}
        return {**times, "frame_times_ms": " ".join(f"{onset:.10g}" for onset in onsets[:read])}
    stated = {name: _numbers(header.get(name)) for name in ("FrameTime", "CineRate", "RecommendedDisplayFrameRate")}
    found: list[ClipMeta] = []
    for name, values in stated.items():
        value = values[0] if len(values) == 1 and values[0] > 0 else math.nan
        found.append(frame_time_meta(value if name == "FrameTime" else 1000 / value, name))
    return max(found, key=len)  # the first plausible time, otherwise the name of the first one that is not


def _are_increments(steps: list[float]) -> bool:
    """Whether most steps are plausible and none goes back; steps of which most grow are onsets, such as 0, 20, 40 ms.

    If some do not grow, they must be as far apart as onsets are, because increments that vary a little can grow, too.
    """
    if not all(0 < step < LONGEST_PAUSE_MS for step in steps) or not plausible_frame_time(median(steps)):
        return False
    growing = sum(later > earlier for earlier, later in zip(steps, steps[1:]))
    all_grow, most_grow = growing == len(steps) - 1, growing >= GROWING * (len(steps) - 1)
    return len(steps) < 3 or not (all_grow or most_grow and 2 * max(steps) > len(steps) * min(steps))


def _numbers(value: Any) -> list[float]:
    values = [] if value is None else [value] if isinstance(value, (int, float, str)) else list(value)
    try:
        return [float(number) for number in values]
    except (TypeError, ValueError):
        return []
