from .comparison import compare_results, format_comparison
from .diagnostics import diagnose_clip, summarize_diagnostics
from .evaluation import ClipResult, write_evaluation

__all__ = [
    "ClipResult",
    "compare_results",
    "diagnose_clip",
    "format_comparison",
    "summarize_diagnostics",
    "write_evaluation",
]
