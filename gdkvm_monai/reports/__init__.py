from .evaluation import ClipResult, write_evaluation

__all__ = ["ClipResult", "write_evaluation"]
