"""The peer with softmax matching differs from GDKVM in its memory only, which grows with the clip."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from gdkvm_monai.networks.known import build_network
from gdkvm_monai.networks.nets import GDKVM, SpaceTimeMemory
from tests.networks.nets.contract import every_rule

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}


def small_network() -> SpaceTimeMemory:
    torch.manual_seed(0)
    return SpaceTimeMemory(**SMALL).eval()


@every_rule
def test_it(rule):
    rule(small_network())


def test_it_has_the_parameters_of_gdkvm_without_gates():
    own = {name.removeprefix("network."): p.shape for name, p in small_network().named_parameters()}
    linear = {name: p.shape for name, p in GDKVM(**SMALL).named_parameters() if not name.startswith("memory.")}
    assert own == linear


def test_the_memory_grows_by_the_positions_of_each_frame():
    net, frame = small_network(), torch.rand(2, 1, 32, 48)
    with torch.inference_mode():
        state = net.initial_state(frame)
        for t in range(4):
            assert state.memory.shape == (2, 24, 6 * t)
            _, state = net.step(frame, state)


def test_each_stored_frame_adds_the_operations_of_its_products():
    net, frame, counts = small_network(), torch.rand(1, 1, 32, 48), []
    with torch.no_grad():
        state = net.initial_state(frame)
        for _ in range(4):
            with FlopCounterMode(display=False) as counter:
                _, state = net.step(frame, state)
            counts.append(counter.get_total_flops())
    positions, channels = 6, 8 + 16
    assert {late - early for early, late in zip(counts, counts[1:])} == {2 * positions**2 * channels}


def test_it_can_be_built_again_from_its_options():
    net = small_network()
    again = build_network("SpaceTimeMemory", net.options)
    again.load_state_dict(net.state_dict())
    assert again.options == net.options and again.key_encoder is again.network.key_encoder


def test_options_of_the_linear_memory_are_refused():
    with pytest.raises(ValueError, match="update_rule is 'decay', but a softmax memory has none"):
        SpaceTimeMemory(**SMALL, update_rule="decay")
    with pytest.raises(ValueError, match="key_norm"):
        build_network("SpaceTimeMemory", {**SMALL, "key_norm": "none"})
    with pytest.raises(ValueError, match="write_gate is 'frame'"):
        SpaceTimeMemory(**SMALL, write_gate="frame")
    assert "key_norm" not in SpaceTimeMemory(**SMALL, key_norm=None).options
