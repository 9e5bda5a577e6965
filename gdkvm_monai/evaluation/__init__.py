"""Evaluation of many cases: tables, confidence intervals, comparisons, and diagnostics."""

from __future__ import annotations

from gdkvm_monai.evaluation.bootstrap import bootstrap_interval, mean_over_patients, patient_means
from gdkvm_monai.evaluation.clip_result import ClipResult
from gdkvm_monai.evaluation.comparison import Comparison, compare_results
from gdkvm_monai.evaluation.comparison_text import format_comparison
from gdkvm_monai.evaluation.diagnostics import ClipDiagnostics, diagnose_clip, summarize_diagnostics
from gdkvm_monai.evaluation.paired import PairedDifference, compare
from gdkvm_monai.evaluation.recorded import Recorded
from gdkvm_monai.evaluation.results import write_evaluation
from gdkvm_monai.evaluation.seeds import SeedSummary, compare_seeds
from gdkvm_monai.evaluation.summary import GroupSummary, summarize

__all__ = [
    "ClipDiagnostics",
    "ClipResult",
    "Comparison",
    "GroupSummary",
    "PairedDifference",
    "Recorded",
    "SeedSummary",
    "bootstrap_interval",
    "compare",
    "compare_results",
    "compare_seeds",
    "diagnose_clip",
    "format_comparison",
    "mean_over_patients",
    "patient_means",
    "summarize",
    "summarize_diagnostics",
    "write_evaluation",
]
