from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import ConvLSTM, ConvLSTMState


def test_on_one_position_it_equals_pytorchs_lstm_cell():
    torch.manual_seed(0)
    conv, cell = ConvLSTM(5, kernel_size=1).double(), torch.nn.LSTMCell(5, 5).double()
    order = torch.cat([torch.arange(0, 10), torch.arange(15, 20), torch.arange(10, 15)])  # i, f, g, o in PyTorch
    weight, bias = conv.gates.weight[:, :, 0, 0], conv.gates.bias
    with torch.no_grad():
        cell.weight_ih.copy_(weight[order, :5])
        cell.weight_hh.copy_(weight[order, 5:])
        cell.bias_ih.copy_(bias[order])
        cell.bias_hh.zero_()
    x, hidden, content = torch.randn(3, 2, 5, dtype=torch.float64)
    state = conv(x[..., None, None], ConvLSTMState(hidden[..., None, None], content[..., None, None]))
    expected = cell(x, (hidden, content))
    torch.testing.assert_close(state.hidden[..., 0, 0], expected[0])
    torch.testing.assert_close(state.cell[..., 0, 0], expected[1])


def test_a_state_of_zeros_starts_and_a_closed_write_gate_keeps_it():
    memory, x = ConvLSTM(4), torch.rand(2, 4, 6, 8)
    state = memory.initial_state(2, (6, 8), x)
    assert not state.hidden.any() and not state.cell.any()
    with torch.no_grad():
        memory.gates.weight.zero_()
        memory.gates.bias.copy_(torch.tensor([-100.0, 100.0, 0.0, 1.0]).repeat_interleave(4))
    kept = memory(x, ConvLSTMState(state.hidden, torch.ones(2, 4, 6, 8)))
    torch.testing.assert_close(kept.cell, torch.ones(2, 4, 6, 8))


def test_the_forget_gate_starts_open():
    bias = ConvLSTM(3).gates.bias.detach()
    assert bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6


def test_a_position_sees_its_neighborhood_and_no_more():
    torch.manual_seed(0)
    memory, x = ConvLSTM(2), torch.rand(1, 2, 7, 7)
    changed = x.clone()
    changed[..., 3, 3] += 1
    state = memory.initial_state(1, (7, 7), x)
    different = (memory(x, state).hidden != memory(changed, state).hidden)[0].any(0)
    assert different[2:5, 2:5].all() and different.sum() == 9
