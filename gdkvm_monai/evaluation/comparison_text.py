"""Formatting of a comparison of two evaluations for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from gdkvm_monai.evaluation.comparison import Comparison
from gdkvm_monai.evaluation.ef_comparison import ErrorComparison
from gdkvm_monai.evaluation.paired import PairedDifference
from gdkvm_monai.evaluation.results_text import format_interval, warn_of_few_patients
from gdkvm_monai.evaluation.summary import DISTANCES

__all__ = ["format_comparison"]

QUANTITIES = {"ef_percent": "EF points", "edv_ml": "EDV mL", "esv_ml": "ESV mL"}


def format_comparison(result: Comparison) -> str:
    """Format the result of :func:`~gdkvm_monai.evaluation.comparison.compare_results` as text."""
    lines = [f"A: {result.a}", f"B: {result.b}", "differences are B - A, means over patients with 95 % intervals", ""]
    sections = (_scores(result), _failures(result), _changes(result), _ejection_fractions(result.ejection_fraction))
    return "\n".join(lines + [line for section in sections for line in section])


def _scores(result: Comparison) -> list[str]:
    lines = [f"{'structure':<11}{'score':<9}{'pairs':>6}{'patients':>9}{'A':>10}{'B':>10}   difference"]
    for row in result.scores:
        name = f"{row.score} {result.unit}" if row.score in DISTANCES else row.score
        lines.append(
            f"{row.structure:<11}{name:<9}{row.n_pairs:>6}{row.n_patients:>9}{row.mean_a:>10.4f}"
            f"{row.mean_b:>10.4f}   {_interval(row, 4)}"
        )
    return lines + warn_of_few_patients(min(row.n_patients for row in result.scores))


def _failures(result: Comparison) -> list[str]:
    header = f"{'structure':<11}{'one side empty in A':>20}{'in B':>6}{'new':>5}{'resolved':>9}{'only in A':>11}"
    lines = ["", header + f"{'only in B':>11}"]
    for row in result.failures:
        lines.append(
            f"{row.structure:<11}{row.one_empty_a:>20}{row.one_empty_b:>6}{row.new:>5}"
            f"{row.resolved:>9}{row.only_a:>11}{row.only_b:>11}"
        )
    if any(row.new or row.resolved for row in result.failures):
        lines.append(
            "caution: the intervals above do not allow for how rarely a structure is missed by only one of both"
        )
    return lines


def _changes(result: Comparison) -> list[str]:
    judged = result.judged_by
    worse, better = len(result.worse), len(result.better)
    lines = [
        f"by {judged.score}, beyond {judged.threshold:g}: {worse} worse in B, {better} better (patient and structure)"
    ]
    for row in result.worse:
        lines.append(f"  worse: {row.patient:<14}{row.structure:<9}{row.a:.4f} -> {row.b:.4f} ({row.difference:+.4f})")
    return ["", *lines]


def _ejection_fractions(rows: Sequence[ErrorComparison]) -> list[str]:
    if not rows:
        return ["", "no ejection fractions to compare: ef_per_patient.csv is missing in a folder"]
    header = f"{'method':<26}{'':<11}{'pairs':>6}{'MAE A':>8}{'MAE B':>8}   {'difference':<28}"
    lines = ["", "absolute errors against the reference masks", header + "not measured A, B  only in A, B"]
    for row in rows:
        lines.append(
            f"{row.method:<26}{QUANTITIES[row.quantity]:<11}{row.n_pairs:>6}{row.mae_a:>8.2f}{row.mae_b:>8.2f}   "
            f"{_interval(row, 2):<28}{row.missing_a:>14},{row.missing_b:>2}"
            f"{row.n_only_baseline:>11},{row.n_only_rows:>2}"
        )
        if row.n_other_reference:
            lines.append(f"  caution: the reference differs between the folders for {row.n_other_reference} patients")
    return lines


def _interval(row: PairedDifference, digits: int) -> str:
    return f"{row.mean:+.{digits}f} {format_interval(row.low, row.high, f'+.{digits}f')}"
