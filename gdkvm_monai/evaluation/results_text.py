"""Formatting of the results of an evaluation for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gdkvm_monai.evaluation.diagnostics import DiagnosticsSummary
from gdkvm_monai.evaluation.summary import GroupSummary
from gdkvm_monai.metrics.agreement import Agreement

__all__ = ["format_results"]


def format_results(
    groups: Sequence[GroupSummary], agreement: Mapping[str, Agreement], diagnostics: DiagnosticsSummary | None
) -> str:
    """Format scores, agreement, and diagnostics as text.

    Args:
        groups: groups of scores, one line each.
        agreement: agreement by method and comparison.
        diagnostics: summary of the diagnostics, or ``None``.
    """
    lines = [*_scores(groups), *_agreement(agreement)]
    return "\n".join(lines if diagnostics is None else [*lines, _diagnostics(diagnostics)])


def _scores(groups: Sequence[GroupSummary]) -> Iterator[str]:
    unit = groups[0].unit
    yield (
        f"{'structure':<10}{'phase':<9}{'n':>5}{'empty':>6}{'Dice [95 % interval]':>26}{'IoU':>8}"
        f"{'HD ' + unit:>9}{'HD95 ' + unit:>10}{'ASD ' + unit:>9}"
    )
    for group in groups:
        dice, iou, hd, hd95, asd = (group.scores[name] for name in ("dice", "iou", "hd", "hd95", "asd"))
        interval = f"{dice.mean:.4f} [{dice.low:.4f}, {dice.high:.4f}]"
        yield (
            f"{group.group['structure']:<10}{group.group.get('phase', 'all'):<9}"
            f"{group.n_valid:>5}{group.n_one_empty:>6}{interval:>26}"
            f"{iou.mean:>8.4f}{hd.mean:>9.2f}{hd95.mean:>10.2f}{asd.mean:>9.2f}"
        )


def _agreement(agreement: Mapping[str, Agreement]) -> Iterator[str]:
    for name, numbers in agreement.items():
        yield (
            f"{name}: n {numbers.n} (excluded {numbers.n_excluded}), bias {numbers.bias:+.2f}, "
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
