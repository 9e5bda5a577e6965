from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.layers import linear_recurrence


def loop(decay, inputs, state):
    states = []
    for a, b in zip(decay, inputs):
        state = a * state + b
        states.append(state)
    return torch.stack(states)


def example(length: int, shape: tuple[int, ...] = (2, 3)) -> list[torch.Tensor]:
    torch.manual_seed(length)
    decay = torch.rand(length, *shape, dtype=torch.float64)
    decay[length // 2] = 0  # forgets everything before
    return [decay, torch.randn(length, *shape, dtype=torch.float64), torch.randn(shape, dtype=torch.float64)]


@pytest.mark.parametrize("length", [1, 2, 7, 48, 50, 100])
@pytest.mark.parametrize("shape", [(2, 3), (2, 1024)])  # chunks, a loop
def test_states_and_gradients_equal_those_of_a_loop(length, shape):
    arguments = [x.requires_grad_() for x in example(length, shape)]
    found, expected = linear_recurrence(*arguments), loop(*arguments)
    torch.testing.assert_close(found, expected)
    weights = torch.randn_like(expected)
    pairs = zip(*(torch.autograd.grad(states, arguments, weights) for states in (found, expected)))
    for one, other in pairs:
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("length", [5, 23])
def test_gradients_are_correct_in_double_precision(length):
    assert torch.autograd.gradcheck(linear_recurrence, [x.requires_grad_() for x in example(length, (2,))])
