"""Recomputing activations changes the memory of training, and nothing else."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gdkvm_monai.handlers import GradientCheckpointing
from gdkvm_monai.networks.nets import GDKVM

SMALL = {"width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16, "dropout": 0.3}
LIGHT = {"backbone": "efficientnet_lite0", "value_encoder": "shared", "decoder": "light", "deep_supervision": True}
FULL = {"backbone": "resnet18"}


def step(network: nn.Module, clip: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor], int]:
    """Return the loss, the gradients with the buffers, and the bytes kept for the backward pass."""
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(3)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = network(clip).square().mean()
    total = sum(kept.values())
    loss.backward()
    return loss, {**{n: p.grad for n, p in network.named_parameters()}, **dict(network.named_buffers())}, total


@pytest.mark.parametrize("options", [FULL, LIGHT], ids=["full", "light"])
def test_gradients_dropout_and_statistics_are_the_same(options):
    torch.manual_seed(0)
    plain = GDKVM(**SMALL, **options, chunk_size=2).train()
    recomputed = copy.deepcopy(plain)
    GradientCheckpointing(recomputed)
    clip = torch.rand(2, 1, 32, 32, 3)
    for _ in range(2):
        loss, values, memory = step(plain, clip)
        other_loss, other_values, other_memory = step(recomputed, clip)
        assert torch.equal(loss, other_loss) and values.keys() == other_values.keys()
        assert all(torch.equal(value, other_values[name]) for name, value in values.items() if value is not None)
        assert other_memory < 0.5 * memory


def test_a_copy_such_as_a_weight_average_computes_with_its_own_weights():
    network = GDKVM(**SMALL, **FULL).train()
    GradientCheckpointing(network)
    average = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    clip = torch.rand(1, 1, 32, 32, 2)
    assert average.train()(clip).abs().max() > 0 and average.advance.network is average
    assert network(clip).abs().max() == 0


def test_evaluation_and_the_state_dict_do_not_change():
    network = GDKVM(**SMALL, **FULL).eval()
    clip, names = torch.rand(1, 1, 32, 32, 2), list(network.state_dict())
    expected = network(clip)
    GradientCheckpointing(network)
    assert torch.equal(network(clip), expected) and list(network.state_dict()) == names


def test_a_network_without_such_methods_is_refused():
    with pytest.raises(ValueError, match="Linear has no method 'encode'"):
        GradientCheckpointing(nn.Linear(1, 1))
