from __future__ import annotations

import math

import pytest
import torch

from gdkvm_monai.networks.layers import effective_rank


def test_it_counts_equal_singular_values():
    for count in (1, 2, 5):
        values = torch.zeros(5, dtype=torch.float64)
        values[:count] = 7
        torch.testing.assert_close(float(effective_rank(values.diag())), float(count))


def test_two_unequal_values_give_the_exponential_of_their_entropy():
    expected = math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    rank = effective_rank(torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]], dtype=torch.float64))
    assert float(rank) == pytest.approx(expected)


def test_scale_and_rotation_do_not_matter():
    torch.manual_seed(0)
    state = torch.randn(6, 4, dtype=torch.float64)
    rotation, _ = torch.linalg.qr(torch.randn(6, 6, dtype=torch.float64))
    torch.testing.assert_close(effective_rank(1e-3 * rotation @ state), effective_rank(state))


def test_each_matrix_of_a_batch_counts_for_itself_also_beside_zeros_and_infinities():
    states = torch.stack([torch.eye(3), torch.zeros(3, 3), torch.full((3, 3), torch.inf), torch.ones(3, 3)])
    ranks = effective_rank(states)
    assert ranks[2].isnan()
    torch.testing.assert_close(ranks[[0, 1, 3]], torch.tensor([3.0, 0.0, 1.0]), atol=1e-4, rtol=0)
