"""Validation during and always at the end of training."""

from __future__ import annotations

from ignite.engine import Engine, Events
from monai.handlers import ValidationHandler

__all__ = ["EpochValidation"]


class EpochValidation(ValidationHandler):
    """Run a validator after every ``interval`` epochs and after the last one.

    MONAI's handler leaves out the last epoch if the interval does not divide the number of epochs; the weights that
    validation saves would then be those of an earlier epoch, or none.

    Args:
        validator: MONAI's evaluator.
        interval: number of epochs between two validations, at least 1.

    Raises:
        ValueError: if the interval is not positive.
    """

    def __init__(self, validator: Engine, interval: int = 1) -> None:
        if interval < 1:
            raise ValueError(f"val_interval is {interval}, expected a number of epochs, at least 1.")
        super().__init__(interval, validator)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.EPOCH_COMPLETED(event_filter=self.is_due), self)

    def is_due(self, engine: Engine, epoch: int) -> bool:
        """Return whether to validate after an epoch, counted from 1."""
        return epoch % self.interval == 0 or epoch == engine.state.max_epochs
