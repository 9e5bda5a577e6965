from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import SoftmaxMemory
from gdkvm_monai.networks.layers import softmax_matching


def test_every_frame_is_stored_and_read_as_in_equation_1():
    torch.manual_seed(0)
    memory, keys, values = SoftmaxMemory(3, 5), torch.randn(4, 2, 3, 2, 3), torch.randn(4, 2, 5, 2, 3)
    state = memory.initial_state(2, keys)
    for key, value in zip(keys, values):
        state = memory.write(state, key, value)
    assert state.shape == (2, 8, 4 * 6)
    stored = [x.flatten(3).movedim(0, 2).flatten(2) for x in (keys, values)]  # (B, C, T * h * w)
    expected = softmax_matching(keys[-1].flatten(2), *stored).unflatten(2, (2, 3))
    torch.testing.assert_close(memory.read(state, keys[-1]), expected)


def test_a_memory_without_frames_is_empty():
    state = SoftmaxMemory(3, 5).initial_state(2, torch.zeros(1, dtype=torch.float64))
    assert state.shape == (2, 8, 0) and state.dtype == torch.float64


def test_a_frame_is_not_changed_by_later_frames():
    memory = SoftmaxMemory(3, 5)
    first = memory.write(memory.initial_state(1, torch.zeros(1)), torch.randn(1, 3, 2, 2), torch.randn(1, 5, 2, 2))
    second = memory.write(first, torch.randn(1, 3, 2, 2), torch.randn(1, 5, 2, 2))
    assert torch.equal(second[..., :4], first)
