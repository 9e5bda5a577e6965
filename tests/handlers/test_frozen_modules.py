"""Frozen modules do not change in any mode that the engine sets."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gdkvm_monai.handlers import FrozenModules


def encoder_and_head() -> nn.Sequential:
    return nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), nn.Sequential(nn.Linear(4, 2)))


def train_step(network: nn.Module) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1)
    network.train()
    network(torch.randn(8, 3)).sum().backward()
    optimizer.step()


def test_a_frozen_module_keeps_its_parameters_and_statistics_while_the_rest_trains():
    network = encoder_and_head()
    FrozenModules(network, ["0"])
    before = copy.deepcopy(network.state_dict())
    train_step(network)
    same = {name: torch.equal(value, before[name]) for name, value in network.state_dict().items()}
    assert all(same[name] for name in same if name.startswith("0."))
    assert not any(same[name] for name in same if name.startswith("1."))


def test_a_copy_of_the_network_is_frozen_too():
    network = encoder_and_head()
    FrozenModules(network, ["0"])
    twin = copy.deepcopy(network)
    train_step(twin)
    assert all(torch.equal(a, b) for a, b in zip(twin[0].state_dict().values(), network[0].state_dict().values()))
    assert network[0][1].training, "only the copy ran"


def test_an_unknown_module_is_named_with_the_available_ones():
    with pytest.raises(ValueError, match="no module 'encoder' to freeze; choose from 0, 1, or parts of them"):
        FrozenModules(encoder_and_head(), ["encoder"])
