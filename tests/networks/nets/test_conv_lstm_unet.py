"""The recurrent peer keeps the contract of networks for clips, with a state of fixed size."""

from __future__ import annotations

import torch

from gdkvm_monai.networks.known import build_network
from gdkvm_monai.networks.nets import ConvLSTMUNet
from tests.networks.nets.contract import every_rule


def small_network() -> ConvLSTMUNet:
    torch.manual_seed(0)
    return ConvLSTMUNet(features=[8, 8, 8, 8, 12, 8]).eval()


@every_rule
def test_it(rule):
    rule(small_network())


def test_the_state_has_the_same_size_after_one_frame_and_after_ten():
    net, frame = small_network(), torch.rand(1, 1, 32, 48)
    with torch.inference_mode():
        state = net.initial_state(frame)
        for _ in range(10):
            _, state = net.step(frame, state)
    assert [part.shape for part in state] == [(1, 12, 2, 3)] * 2


def test_with_a_closed_output_gate_and_without_skips_no_frame_reaches_the_coarsest_feature():
    net = small_network()
    torch.nn.init.constant_(net.memory.gates.bias[24:36], -100.0)
    _, state = net.step(torch.rand(1, 1, 32, 32), net.initial_state(torch.rand(1, 1, 32, 32)))
    assert state.hidden.abs().max() < 1e-6 < state.cell.abs().max()


def test_it_can_be_built_again_from_its_options():
    net = small_network()
    again = build_network("ConvLSTMUNet", net.options)
    again.load_state_dict(net.state_dict())
    assert again.options == net.options
