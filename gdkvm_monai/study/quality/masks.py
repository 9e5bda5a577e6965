"""Checks of the masks over time: presence, jumps, the sector's edge, parts, holes, and anatomy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gdkvm_monai.labels import STRUCTURE_NAMES
from gdkvm_monai.metrics.anatomy import LEAK, Anatomy
from gdkvm_monai.metrics.temporal import second_differences
from gdkvm_monai.study.measurements import ClipNumbers, Reason
from gdkvm_monai.study.quality.evidence import Evidence

__all__ = ["check_anatomy_of_frames", "check_edge", "check_flags", "check_jumps", "check_presence"]

AREA_JUMP = {"LV": 0.15, "MYO": 0.20, "LA": 0.25}
"""Largest plausible distance of an area from the mean of its two neighbors, as a share of the largest area."""

JUMP_CODES = {"LV": "area_jump", "MYO": "myo_jump", "LA": "la_jump"}

EDGE_SHARE = 0.10
"""Share of the ventricle's outline on the sector's edge above which the ventricle may be cut off."""

FAULTY_SHARE = 0.10
"""Share of frames above which faults are reported; a fault at end-diastole or end-systole is always reported."""


def check_presence(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that every valid frame shows a left ventricle."""
    count = int(evidence.valid.sum())
    empty = int((evidence.area("LV") == 0).sum())
    if empty:
        verdict = "reject" if empty > FAULTY_SHARE * count else "check"
        yield Reason("no_ventricle", verdict, f"no left ventricle was found in {empty} of {count} frames.")


def check_jumps(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that no area jumps from one frame to the next."""
    for structure, limit in AREA_JUMP.items():
        area = evidence.area(structure)
        largest = np.nanmax(area, initial=0)
        jumps = np.abs(second_differences(area)) / largest if largest > 0 else np.array([np.nan])
        if np.isfinite(jumps).any() and np.nanmax(jumps) > limit:
            frame, name = int(np.nanargmax(jumps)), STRUCTURE_NAMES[structure]
            text = f"the area of the {name} jumps by {np.nanmax(jumps):.0%} of its maximum at frame {frame}."
            yield Reason(JUMP_CODES[structure], "check", text)


def check_edge(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the ventricle is not cut off by the edge of the sector."""
    if evidence.edge_fraction > EDGE_SHARE:
        yield Reason(
            "sector_edge",
            "check",
            f"{evidence.edge_fraction:.0%} of the ventricle's outline lies on the sector's edge; it may be cut off.",
        )


def check_flags(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that nothing is flagged in the measured ventricle: parts, holes, border, or an unusual base.

    A ventricle in parts is measured too small or not at all, so its frame is not the phase that it may be: parts next
    to a phase are reported like those of a phase.
    """
    flags = [dict(frame.measured.flags) for frame in evidence.frames]
    for code in dict.fromkeys(code for frame in flags for code in frame):
        where = _where(np.array([code in frame for frame in flags]), numbers, evidence, code == "parts")
        if where:
            frame, text = where
            yield Reason(code, "check", f"the left ventricle {flags[frame][code]} ({text}).")


def check_anatomy_of_frames(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that the myocardium encloses the cavity and that the atrium lies below it and touches it."""
    shown = (name for name in ("MYO", "LA") if np.nanmax(evidence.area(name), initial=0) > 0)
    present = {*shown, *evidence.expected}
    for fault, is_faulty in ANATOMY_FAULTS.items():
        where = _where(np.array([is_faulty(frame, present) for frame in evidence.anatomy]), numbers, evidence)
        if where:
            yield Reason("anatomy", "check", f"{fault} ({where[1]}).")


def _open_cavity(frame: Anatomy, present: set[str]) -> bool:
    return "MYO" in present and bool(frame.structures["LV"].parts) and not frame.lv_leak <= LEAK


def _atrium_apart(frame: Anatomy, present: set[str]) -> bool:
    return "LA" in present and bool(frame.structures["LV"].parts) and not frame.la_touches_lv


def _atrium_above(frame: Anatomy, present: set[str]) -> bool:
    return frame.la_touches_lv and not frame.la_below_lv


ANATOMY_FAULTS = {
    "the myocardium is missing or does not enclose the left ventricle": _open_cavity,
    "the left atrium is missing or does not touch the left ventricle": _atrium_apart,
    "the left atrium does not lie below the left ventricle": _atrium_above,
}
"""Whether a frame has each fault, given the structures that the clip shows anywhere or must show."""


def _where(
    faulty: np.ndarray, numbers: ClipNumbers, evidence: Evidence, hides_phases: bool = False
) -> tuple[int, str] | None:
    """Return a faulty valid frame and its description: at a phase, or one of too many frames; ``None`` if neither.

    If the fault hides phases, faulty frames are at a phase too if they are as close to it as there are in a row.
    """
    faulty = faulty & evidence.valid
    for name, frames in (("end-diastole", "ed_frame"), ("end-systole", "es_frame")):
        phases = [getattr(beat, frames) for beat in numbers.beats]
        hit = [frame for frame in phases if faulty[frame]]
        if hit:
            return hit[0], f"{name}, frame {hit[0]}"
        hidden = [frame for frame in _beside(faulty, phases) if hides_phases]
        if hidden:
            return hidden[0], f"frame {hidden[0]}, beside {name}"
    share = faulty.sum() / max(evidence.valid.sum(), 1)
    if share <= FAULTY_SHARE:
        return None
    first = int(faulty.argmax())
    return first, f"frame {first} and others, {share:.0%} of the frames"


def _beside(faulty: np.ndarray, phases: Iterable[int]) -> list[int]:
    """Return the nearest frame of each run of faulty frames that is as close to a phase as the run is long."""
    edges = np.flatnonzero(np.diff(faulty, prepend=False, append=False))
    pairs = ((start, stop - 1, phase) for start, stop in edges.reshape(-1, 2) for phase in phases)
    nearest = ((int(np.clip(phase, start, last)), phase, last - start + 1) for start, last, phase in pairs)
    return [frame for frame, phase, length in nearest if abs(frame - phase) <= length]
