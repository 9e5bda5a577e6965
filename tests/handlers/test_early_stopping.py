"""Training stops when the key metric of its validations no longer improves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ignite.engine import Engine, Events

from gdkvm_monai.handlers import EarlyStopping


def epochs_until_stop(scores: list[float], better: Callable | None = None, **options) -> int:
    """Epochs that a trainer runs whose validations give these scores."""
    trainer, evaluator = Engine(lambda engine, batch: None), Engine(lambda engine, batch: None)
    left = iter(scores)
    if better is not None:
        evaluator.metric_cmp_fn = better

    @evaluator.on(Events.EPOCH_COMPLETED)
    def score(engine: Engine) -> None:
        engine.state.key_metric_name, engine.state.metrics = "dice", {"dice": next(left)}

    EarlyStopping(evaluator, **options).attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([0]))
    trainer.run([0], max_epochs=len(scores))
    return trainer.state.epoch


@pytest.mark.parametrize(
    ("scores", "options", "epochs"),
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5], {"patience": 1}, 5),
        ([0.5, 0.4, 0.6, 0.6, 0.9], {"patience": 1}, 2),
        ([0.5, 0.4, 0.6, 0.6, 0.5, 0.9], {"patience": 2}, 5),
        ([0.5, 0.505, 0.51, 0.9], {"patience": 2, "min_delta": 0.1}, 3),
    ],
)
def test_patience_counts_validations_without_improvement(scores, options, epochs):
    assert epochs_until_stop(scores, **options) == epochs


def test_a_distance_that_falls_is_an_improvement():
    assert epochs_until_stop([5.0, 4.0, 3.0, 2.0], patience=1) == 2
    assert epochs_until_stop([5.0, 4.0, 3.0, 2.0], better=lambda new, best: new < best, patience=1) == 4
