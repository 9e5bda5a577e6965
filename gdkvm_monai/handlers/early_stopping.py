"""Early stopping that a config can name without a circle of references."""

from __future__ import annotations

import monai.handlers
from ignite.engine import Engine

__all__ = ["EarlyStopping"]


class EarlyStopping(monai.handlers.EarlyStopHandler):
    """End a training when the key metric of its validations no longer rises.

    MONAI's handler belongs to the validator and needs the trainer, which needs the validator. This one belongs to the
    trainer, like ``ValidationHandler``.

    Args:
        evaluator: validator with a key metric, for which more is better.
        patience: validations without a rise after which training ends, at least 1.
        min_delta: rise that counts, in the metric's unit.
    """

    def __init__(self, evaluator: Engine, patience: int = 10, min_delta: float = 0.0) -> None:
        super().__init__(patience, lambda engine: engine.state.metrics[engine.state.key_metric_name], None, min_delta)
        self.evaluator = evaluator

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        self.set_trainer(engine)
        super().attach(self.evaluator)
