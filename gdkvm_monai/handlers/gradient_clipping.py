"""Gradient clipping for MONAI's trainers, which do not offer it."""

from __future__ import annotations

import torch
from monai.engines import SupervisedTrainer
from monai.engines.utils import IterationEvents

__all__ = ["GradientClipping"]


class GradientClipping:
    """Scale gradients down to a maximum global norm, between the backward pass and the optimizer step.

    Args:
        max_norm: largest global L2 norm of the gradients; the paper uses 3.
    """

    def __init__(self, max_norm: float = 3.0) -> None:
        if not max_norm > 0:
            raise ValueError(f"max_norm is {max_norm}, expected a positive number.")
        self.max_norm = max_norm

    def attach(self, engine: SupervisedTrainer) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def __call__(self, engine: SupervisedTrainer) -> None:
        """Clip the gradients of the engine's network."""
        if engine.amp and engine.scaler is not None:
            engine.scaler.unscale_(engine.optimizer)
        torch.nn.utils.clip_grad_norm_(engine.network.parameters(), self.max_norm)
