"""A difference from PyTorch is detected."""

from __future__ import annotations

import copy

import pytest
import torch

from gdkvm_monai import export as exports
from gdkvm_monai.networks.nets.gdkvm import GDKVMState
from tests.export.tiny_network import TOLERANCE


def test_equal_functions_do_not_differ_and_an_added_offset_is_the_difference(network):
    def exported(clip: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (network(clip),)

    shape = (1, 1, 32, 32, 2)
    assert exports.largest_difference(network, exported, "clip", shape) == 0
    other = copy.deepcopy(network)
    other.decoder.classify.bias.data += 0.01
    assert exports.largest_difference(other, exported, "clip", shape) == pytest.approx(0.01, abs=1e-3)


def test_a_step_feeds_back_its_own_state(network):
    def exported(frame: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        logits, following = network.step(frame, GDKVMState(*state))
        return logits, *following

    def forgetful(frame: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return exported(frame, *(torch.zeros_like(part) for part in state))

    shape = (1, 1, 32, 32, 3)
    assert exports.largest_difference(network, exported, "step", shape) < TOLERANCE
    assert exports.largest_difference(network, forgetful, "step", shape) > TOLERANCE
