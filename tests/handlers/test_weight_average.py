"""The average of the weights equals Ignite's bit for bit."""

from __future__ import annotations

import copy

import pytest
import torch
from ignite.engine import Engine
from ignite.handlers.ema_handler import EMAHandler
from torch import nn

from gdkvm_monai.handlers import WeightAverage


def averaged(handler_type: type, network: nn.Module, handle_buffers: str) -> dict[str, torch.Tensor]:
    """Average weights and buffers that change in each of five iterations, with a warmup of three."""
    network = copy.deepcopy(network)
    handler = handler_type(network, 0.1, momentum_warmup=0.6, warmup_iters=3, handle_buffers=handle_buffers)

    def change(engine: Engine, batch: torch.Tensor) -> None:
        network(batch)  # changes the normalization statistics
        with torch.no_grad():
            network[0].weight.add_(batch.mean())

    trainer = Engine(change)
    handler.attach(trainer)
    trainer.run(torch.arange(60.0).reshape(5, 4, 3).unbind(), max_epochs=1)
    return handler.ema_model.state_dict()


@pytest.mark.parametrize("handle_buffers", ["update", "copy", "ema_train"])
def test_the_average_equals_that_of_ignite(handle_buffers):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    ours, reference = (averaged(kind, network, handle_buffers) for kind in (WeightAverage, EMAHandler))
    assert all(torch.equal(ours[name], value) for name, value in reference.items())
    assert not torch.equal(ours["0.weight"], network[0].weight)
    assert ours["1.num_batches_tracked"] == (0 if handle_buffers == "ema_train" else 5)


def test_the_average_shares_no_memory_with_the_network():
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    handler = WeightAverage(network, 0.1, handle_buffers="copy")
    trainer = Engine(lambda engine, batch: None)
    handler.attach(trainer)
    trainer.run([0], max_epochs=1)
    network[1].running_mean.fill_(7)
    network[1].num_batches_tracked.fill_(7)
    assert not handler.ema_model[1].running_mean.any() and handler.ema_model[1].num_batches_tracked == 0
