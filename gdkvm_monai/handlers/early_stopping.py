"""Early stopping that a config can define without circular references."""

from __future__ import annotations

import monai.handlers
from ignite.engine import Engine

from gdkvm_monai.handlers.resumable import register_part

__all__ = ["EarlyStopping"]


class EarlyStopping(monai.handlers.EarlyStopHandler):
    """Stop training when the key validation metric no longer improves.

    MONAI's handler is attached to the validator and needs the trainer, which needs the validator. This one is attached
    to the trainer, like the validation.

    Args:
        evaluator: validator with a key metric; its ``metric_cmp_fn`` decides whether higher or lower is better.
        patience: number of validations without improvement after which training stops, at least 1.
        min_delta: smallest increase that counts as an improvement, in the metric's unit.
    """

    def __init__(self, evaluator: Engine, patience: int = 10, min_delta: float = 0.0) -> None:
        better = getattr(evaluator, "metric_cmp_fn", lambda new, best: new > best)
        sign = 1 if better(1.0, 0.0) else -1
        score = lambda engine: sign * engine.state.metrics[engine.state.key_metric_name]  # noqa: E731
        super().__init__(patience, score, None, min_delta)
        self.evaluator = evaluator

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        self.set_trainer(engine)
        register_part(engine, "early_stopping", self._handler)
        super().attach(self.evaluator)
