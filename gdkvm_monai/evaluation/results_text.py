"""Formatting of the results of an evaluation for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from gdkvm_monai.evaluation.bootstrap import FEW_PATIENTS, FEWEST_PATIENTS
from gdkvm_monai.evaluation.diagnostics import DiagnosticsSummary
from gdkvm_monai.evaluation.summary import GroupSummary
from gdkvm_monai.metrics.agreement import Agreement

__all__ = ["format_interval", "format_results", "warn_of_few_patients"]


def format_results(
    groups: Sequence[GroupSummary],
    agreement: Mapping[str, Agreement],
    by_quality: Mapping[str, Mapping[str, Agreement]],
    diagnostics: DiagnosticsSummary | None,
) -> str:
    """Format scores, agreement, and diagnostics as text.

    Args:
        groups: groups of scores, one line each.
        agreement: agreement by method and comparison.
        by_quality: the same for each image quality.
        diagnostics: summary of the diagnostics, or ``None``.
    """
    lines = [*_scores(groups), *_missed(groups), *_agreement(agreement)]
    for quality, numbers in by_quality.items():
        lines += _agreement(numbers, f"image quality {quality}: ")
    lines += warn_of_few_patients(min(group.n_patients for group in groups))
    return "\n".join(lines if diagnostics is None else [*lines, _diagnostics(diagnostics)])


def format_interval(low: float, high: float, form: str) -> str:
    """Format both ends of an interval; one that too few patients give is ``"[none]"``."""
    return "[none]" if math.isnan(low) else f"[{low:{form}}, {high:{form}}]"


def warn_of_few_patients(n_patients: int) -> list[str]:
    """Return the line that stands under intervals of so few patients that they need a caution; else none."""
    if n_patients >= FEW_PATIENTS:
        return []
    return [
        f"caution: {n_patients} patients; an interval of fewer than {FEW_PATIENTS} may hold less often than in 95 % of "
        f"evaluations, and fewer than {FEWEST_PATIENTS} have none"
    ]


def _scores(groups: Sequence[GroupSummary]) -> Iterator[str]:
    unit = groups[0].unit
    yield "means over patients where the structure was found; missed: items with one empty mask"
    yield (
        f"{'structure':<10}{'phase':<9}{'n':>5}{'missed':>7}{'Dice [95 % interval]':>26}{'IoU':>8}"
        f"{'HD ' + unit:>9}{'HD95 ' + unit:>10}{'ASD ' + unit:>9}"
    )
    for group in groups:
        dice, iou, hd, hd95, asd = (group.scores[name].found for name in ("dice", "iou", "hd", "hd95", "asd"))
        interval = f"{dice.mean:.4f} {format_interval(dice.low, dice.high, '.4f')}"
        yield (
            f"{group.group['structure']:<10}{group.group.get('phase', 'all'):<9}"
            f"{group.n_valid:>5}{group.n_one_empty:>7}{interval:>26}"
            f"{iou.mean:>8.4f}{hd.mean:>9.2f}{hd95.mean:>10.2f}{asd.mean:>9.2f}"
        )


def _missed(groups: Sequence[GroupSummary]) -> Iterator[str]:
    for group in (group for group in groups if group.n_one_empty):
        dice, hd95, missed = group.scores["dice"], group.scores["hd95"], group.missed
        share = format_interval(100 * missed.low, 100 * missed.high, ".1f")
        yield (
            f"{group.group['structure']} {group.group.get('phase', 'all')}: "
            f"{group.n_one_empty} of {group.n_valid} missed, {100 * missed.share:.1f} % {share}; with them "
            f"Dice {dice.mean:.4f} {format_interval(dice.low, dice.high, '.4f')}, "
            f"HD95 {hd95.mean:.2f} {format_interval(hd95.low, hd95.high, '.2f')} {group.unit}"
        )


def _agreement(agreement: Mapping[str, Agreement], prefix: str = "") -> Iterator[str]:
    for name, numbers in agreement.items():
        yield (
            f"{prefix}{name}: n {numbers.n} (excluded {numbers.n_excluded}), bias {numbers.bias:+.2f}, "
            f"limits {numbers.lower_limit:+.2f} to {numbers.upper_limit:+.2f}, MAE {numbers.mae:.2f}, r {numbers.r:.3f}"
        )


def _diagnostics(summary: DiagnosticsSummary) -> str:
    parts = [
        f"{anatomy.valid} of {anatomy.frames} {name} frames are anatomically valid"
        for name, anatomy in summary.anatomy.items()
        if anatomy.frames
    ]
    flicker = summary.motion.predicted["area_jump_mean"]
    if flicker.n_clips:
        parts.append(f"mean area jump {100 * flicker.mean:.1f} % of the largest area in {flicker.n_clips} clips")
    return "diagnostics, not accuracy: " + "; ".join(parts)
