"""The orthogonalization changes singular values only, and defines what happens where there are none."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.layers import orthogonalize

SHAPES = [(12, 7), (7, 12), (9, 9)]


def matrix_with(singular_values: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    torch.manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(rows, rows, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(columns, columns, dtype=torch.float64))
    count = len(singular_values)
    return left[:, :count] @ torch.diag(singular_values) @ right[:, :count].T


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_five_steps_equal_the_equation_written_with_xxt(rows, columns):
    torch.manual_seed(0)
    state = torch.randn(rows, columns, dtype=torch.float64)
    x = state / torch.linalg.matrix_norm(state)
    for _ in range(5):
        outer = x @ x.T
        x = 3.4445 * x - 4.7750 * outer @ x + 2.0315 * outer @ outer @ x
    torch.testing.assert_close(orthogonalize(state), x)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_singular_values_above_a_six_hundredth_of_the_norm_end_between_two_thirds_and_one_and_a_fifth(rows, columns):
    values = torch.logspace(0, -2.7, 7, dtype=torch.float64)
    assert values[-1] > 0.0015 * values.norm()
    result = torch.linalg.svdvals(orthogonalize(50 * matrix_with(values, rows, columns)))[:7]
    assert result.min() > 0.65 and result.max() < 1.21


def test_singular_vectors_are_kept():
    state = matrix_with(torch.tensor([3.0, 1.0, 0.2], dtype=torch.float64), 8, 5)
    left, _, right = torch.linalg.svd(state, full_matrices=False)
    rotated = left.T @ orthogonalize(state) @ right.T
    assert (rotated - rotated.diagonal().diag()).abs().max() < 1e-12
    assert (rotated.diagonal()[:3] > 0.65).all()


def test_rank_is_not_invented():
    state = matrix_with(torch.tensor([3.0, 1.0], dtype=torch.float64), 8, 5)
    assert torch.linalg.svdvals(orthogonalize(state))[2:].max() < 1e-10


def test_the_scale_of_the_state_does_not_matter():
    state = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(orthogonalize(1000 * state), orthogonalize(state))


@pytest.mark.parametrize(("dtype", "size"), [(torch.float32, 1e30), (torch.float16, 3e3)])
def test_a_state_whose_squares_overflow_is_not_erased(dtype, size):
    torch.manual_seed(0)
    state = torch.randn(6, 4)
    large = orthogonalize((size * state).to(dtype)).float()
    torch.testing.assert_close(large, orthogonalize(state), atol=0.02, rtol=0.02)


def test_each_item_of_a_batch_is_normalized_by_its_own_norm():
    states = torch.randn(3, 6, 4) * torch.tensor([1e-3, 1.0, 1e3])[:, None, None]
    together, alone = orthogonalize(states), torch.stack([orthogonalize(state) for state in states])
    torch.testing.assert_close(together, alone)


def test_a_state_of_zeros_stays_zero_with_a_finite_gradient_beside_other_items():
    states = torch.stack([torch.zeros(6, 4), torch.randn(6, 4)]).requires_grad_()
    result = orthogonalize(states)
    result.square().sum().backward()
    assert torch.equal(result[0], torch.zeros(6, 4))
    assert result[1].norm() > 1
    assert states.grad.isfinite().all()


def test_the_gradient_is_correct_in_double_precision():
    torch.manual_seed(0)
    assert torch.autograd.gradcheck(orthogonalize, torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True))
