"""Many cases to tables, intervals, comparison and diagnostics."""

from __future__ import annotations

from .agreement import Agreement, measure_agreement
from .bootstrap import bootstrap_interval, compare, patient_means, summarize
from .comparison import compare_results, format_comparison
from .diagnostics import diagnose_clip, summarize_diagnostics
from .results import ClipResult, write_evaluation

__all__ = [
    "Agreement",
    "ClipResult",
    "bootstrap_interval",
    "compare",
    "compare_results",
    "diagnose_clip",
    "format_comparison",
    "measure_agreement",
    "patient_means",
    "summarize",
    "summarize_diagnostics",
    "write_evaluation",
]
