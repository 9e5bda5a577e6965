"""End-diastole and end-systole marked by hand, which replace those found in the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gdkvm_monai.metrics.phases import Phases

__all__ = ["PhaseMarks", "mark_phases"]

PHASE_NAMES = {"ed": "end-diastole", "es": "end-systole"}


@dataclass(frozen=True)
class PhaseMarks:
    """Frames that a reader marked, counted from 0.

    Attributes:
        ed: frames of end-diastole; empty if they are to be found in the curve.
        es: frames of end-systole; likewise.

    Raises:
        ValueError: if a frame is negative or marked as both.
    """

    ed: tuple[int, ...] = ()
    es: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for frame in (frame for frame in (*self.ed, *self.es) if frame < 0):
            raise ValueError(f"frame {frame} is marked, but frames are counted from 0; mark a frame of the clip.")
        for both in sorted({*self.ed} & {*self.es}):
            raise ValueError(f"frame {both} is marked as end-diastole and as end-systole; choose one of them.")

    def __bool__(self) -> bool:
        return bool(self.ed or self.es)


def mark_phases(phases: Phases, marks: PhaseMarks) -> Phases:
    """Replace the phases of a clip by the marked ones.

    If any frame is marked as end-diastole, the marked frames are the only end-diastoles; the same holds for
    end-systole. A phase without marks keeps the frames that were found. The beats are paired again: each end-systole
    with the end-diastole directly before it or, if there is no such pair, with the one after it.

    Args:
        phases: phases found in the curve.
        marks: marked frames.

    Returns:
        The phases with marked frames, beats, and reason; the same object without marks.

    Raises:
        ValueError: if the clip has no such frame, or two frames in a row are marked as the same phase.

    Example:
        >>> import numpy as np
        >>> found = Phases((0, 25), (12,), ((0, 12),), np.arange(30), "frames", np.zeros(30))
        >>> mark_phases(found, PhaseMarks(es=(14,))).beats
        ((0, 14),)
    """
    if not marks:
        return phases
    count = len(phases.time)
    for name, frames in (("ed", marks.ed), ("es", marks.es)):
        for frame in frames:
            if frame >= count:
                raise ValueError(
                    f"frame {frame} is marked as {PHASE_NAMES[name]}, but the clip has frames 0 to {count - 1}; "
                    "mark one of these."
                )
    es = tuple(sorted({*(marks.es or phases.es)} - {*marks.ed}))
    ed = tuple(sorted({*(marks.ed or phases.ed)} - {*marks.es}))
    _check_order(ed, es, marks)
    beats = _pair(ed, es)
    missing = " and ".join(PHASE_NAMES[name] for name, frames in (("ed", ed), ("es", es)) if not frames)
    reason = "" if beats else f"no {missing} is marked or was found."
    return replace(phases, ed=ed, es=es, beats=beats, reason=reason, cut=(), no_contraction=False, marked=True)


def _check_order(ed: Sequence[int], es: Sequence[int], marks: PhaseMarks) -> None:
    """Refuse two marks of the same phase with no frame of the other phase between them: one would be ignored."""
    for (first, name), (second, other) in _neighbors(ed, es):
        if name == other and {first, second} <= {*getattr(marks, name)}:
            between = PHASE_NAMES["es" if name == "ed" else "ed"]
            raise ValueError(
                f"frames {first} and {second} are both marked as {PHASE_NAMES[name]} with no {between} between them; "
                "mark one of them."
            )


def _pair(ed: Sequence[int], es: Sequence[int]) -> tuple[tuple[int, int], ...]:
    neighbors = _neighbors(ed, es)
    forward = tuple((a[0], b[0]) for a, b in neighbors if (a[1], b[1]) == ("ed", "es"))
    return forward or tuple((b[0], a[0]) for a, b in neighbors if (a[1], b[1]) == ("es", "ed"))


def _neighbors(ed: Sequence[int], es: Sequence[int]) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    """Return all phases in order of time, each with the next one, as frame and name."""
    order = sorted([*((frame, "ed") for frame in ed), *((frame, "es") for frame in es)])
    return list(zip(order, order[1:]))
