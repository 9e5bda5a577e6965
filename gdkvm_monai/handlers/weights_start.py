"""What the weights of a training run start from, as the handlers that load them record it."""

from __future__ import annotations

from ignite.engine import Engine

__all__ = ["record_start", "recorded_start"]


def record_start(trainer: Engine, **texts: str) -> None:
    """Record weights that a handler has loaded when training starts.

    Args:
        trainer: engine that trains.
        texts: ``imagenet_weights`` for those of the key encoder, or ``initial_weights`` for those of the whole network:
            name and SHA-256 of the file, or ``"none"``. Folders are left out, because they may name people.
    """
    trainer.state.weights_start = {**recorded_start(trainer), **texts}


def recorded_start(trainer: Engine) -> dict[str, str]:
    """Return what has been recorded, by the names of the model card's fields."""
    return dict(getattr(trainer.state, "weights_start", {}))
