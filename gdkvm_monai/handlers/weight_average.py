"""A moving average of the weights that is updated with a few operations instead of several per tensor."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events
from ignite.handlers.ema_handler import EMAHandler
from torch import Tensor

__all__ = ["WeightAverage"]


class WeightAverage(EMAHandler):
    """Ignite's moving average of the weights, with the same result bit for bit.

    Ignite starts two operations per tensor, which on a GPU take longer to start than to run, and catches an exception
    for each integer buffer. Here, all tensors of a type are updated at once, and integer buffers are copied.

    The average starts from the weights that the network has when training starts, after initial weights were loaded,
    not from those that it was built with. Attach it after the handlers that load weights.

    Args:
        model: network whose weights are averaged.
        momentum: weight of the new value in each update.
        momentum_warmup: momentum at the start of the warmup.
        warmup_iters: iterations of the warmup.
        handle_buffers: ``"update"`` averages buffers too, ``"copy"`` copies them.
    """

    def attach(self, engine: Engine, *args: object, **options: object) -> None:
        """Attach to a trainer; arguments are Ignite's."""
        engine.add_event_handler(Events.STARTED, self._start)
        super().attach(engine, *args, **options)

    def _start(self, engine: Engine) -> None:
        if engine.state.iteration == 0:
            self.ema_model.load_state_dict(self.model.state_dict())

    def _update_ema_model(self, engine: Engine, name: str) -> None:
        averages, values = list(self.ema_model.parameters()), list(self.model.parameters())
        buffers, new_buffers = list(self.ema_model.buffers()), list(self.model.buffers())
        update = [self.handle_buffers == "update" and buffer.is_floating_point() for buffer in buffers]
        averages += [buffer for buffer, averaged in zip(buffers, update) if averaged]
        values += [buffer for buffer, averaged in zip(new_buffers, update) if averaged]
        with torch.no_grad():
            _move(averages, values, getattr(engine.state, name))
            for buffer, new, averaged in zip(buffers, new_buffers, update):
                if not averaged and self.handle_buffers != "ema_train":
                    buffer.copy_(new)


def _move(averages: list[Tensor], values: list[Tensor], momentum: float) -> None:
    torch._foreach_mul_(averages, 1.0 - momentum)
    torch._foreach_add_(averages, values, alpha=momentum)
