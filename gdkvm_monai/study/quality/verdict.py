"""The verdict: all checks in order, and their worst result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from gdkvm_monai.study.measurements import ClipNumbers, Quality, Reason
from gdkvm_monai.study.quality.evidence import Check, Evidence
from gdkvm_monai.study.quality.masks import (
    check_anatomy_of_frames,
    check_edge,
    check_flags,
    check_jumps,
    check_presence,
)
from gdkvm_monai.study.quality.numbers import check_beats, check_ejection_fraction, check_interval, check_volumes
from gdkvm_monai.study.quality.source import check_field, check_motion, check_source, check_timing
from gdkvm_monai.study.quality.training import check_domain, check_intensity, check_view
from gdkvm_monai.study.record_types import Verdict

__all__ = ["CHECKS", "VERDICTS", "conclude", "judge"]

VERDICTS = get_args(Verdict)

LOW_CONFIDENCE, NO_CONFIDENCE = 0.968, 0.60
"""Mean Dice with perturbed copies below which the verdict is ``check`` or ``reject``."""


def check_confidence(numbers: ClipNumbers, evidence: Evidence) -> Iterator[Reason]:
    """Check that perturbed copies of the clip give the same masks."""
    mean = numbers.confidence.mean
    if mean is not None and mean < LOW_CONFIDENCE:
        verdict = "reject" if mean < NO_CONFIDENCE else "check"
        yield Reason(
            "confidence", verdict, f"perturbed copies of the clip give different masks (mean Dice {mean:.3f})."
        )


CHECKS: tuple[Check, ...] = (
    *(check_ejection_fraction, check_volumes, check_beats),
    *(check_timing, check_source, check_motion, check_field),
    *(check_domain, check_view),
    *(check_presence, check_jumps, check_edge, check_flags, check_anatomy_of_frames),
    *(check_confidence, check_interval, check_intensity),
)
"""All checks, in the order of their reasons."""


def judge(numbers: ClipNumbers, evidence: Evidence) -> Quality:
    """Run the quality check on one clip.

    Args:
        numbers: result of :func:`~gdkvm_monai.study.measure.measure_clip`.
        evidence: all other input.

    Returns:
        The reasons and their worst verdict, ``"good"`` if there are none.
    """
    return conclude(reason for check in CHECKS for reason in check(numbers, evidence))


def conclude(reasons: Iterable[Reason]) -> Quality:
    """Return reasons with their worst verdict, ``"good"`` if there are none."""
    reasons = tuple(reasons)
    worst = max((VERDICTS.index(reason.verdict) for reason in reasons), default=0)
    return Quality(VERDICTS[worst], reasons)
