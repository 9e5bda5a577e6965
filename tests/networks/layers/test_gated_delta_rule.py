from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.layers import (
    UPDATE_RULES,
    gated_delta_update,
    normalize_keys,
    orthogonalize,
    read_memory,
    update_memory,
)

ONE, ZERO = torch.ones(1, 1, 1), torch.zeros(1, 1, 1)


def random_frame(keys: int = 6, values: int = 5, tokens: int = 9, dtype: torch.dtype = torch.float64):
    torch.manual_seed(0)
    state, key = torch.randn(2, values, keys, dtype=dtype), normalize_keys(torch.randn(2, keys, tokens, dtype=dtype))
    return state, key, torch.randn(2, values, tokens, dtype=dtype)


def random_gates(values: int = 5, keys: int = 6, dtype: torch.dtype = torch.float64):
    return torch.rand(2, values, keys, dtype=dtype), torch.rand(2, values, 1, dtype=dtype)


def test_keys_are_non_negative_and_have_unit_frobenius_norm():
    key = normalize_keys(torch.randn(3, 64, 100))
    assert (key >= 0).all()
    torch.testing.assert_close(key.flatten(1).norm(dim=1), torch.ones(3))


@pytest.mark.parametrize("tokens", [16, 256, 1024])
def test_normalized_keys_keep_the_largest_eigenvalue_at_one_at_every_resolution(tokens):
    raw = torch.randn(1, 64, tokens, generator=torch.Generator().manual_seed(0))
    normalized, literal = (
        torch.linalg.eigvalsh(key @ key.mT).max() for key in (normalize_keys(raw), normalize_keys(raw, "none"))
    )
    assert normalized <= 1 + 1e-5
    assert literal > 0.9 * tokens / 64


def test_update_equals_a_literal_loop_of_equation_5():
    state, key, value = random_frame()
    alpha, beta = random_gates()
    expected = torch.zeros_like(state)
    for b in range(state.shape[0]):
        old = state[b] @ key[b]  # V_old: each column is the value stored under one key
        for v in range(state.shape[1]):
            for k in range(state.shape[2]):
                erase = sum(old[v, token] * key[b, k, token] for token in range(key.shape[2]))
                write = sum(value[b, v, token] * key[b, k, token] for token in range(key.shape[2]))
                kept = alpha[b, v, k] * (state[b, v, k] - beta[b, v, 0] * erase)
                expected[b, v, k] = kept + beta[b, v, 0] * write
    torch.testing.assert_close(gated_delta_update(state, key, value, alpha, beta), expected)


def test_update_with_scalar_gates_equals_the_papers_matrix_form():
    state, key, value = random_frame()
    alpha, beta = 0.9, 0.3
    transition = alpha * (torch.eye(6, dtype=torch.float64) - beta * key @ key.mT)
    expected = state @ transition + beta * value @ key.mT
    torch.testing.assert_close(gated_delta_update(state, key, value, alpha * ONE, beta * ONE), expected)


def test_orthonormal_keys_with_full_gates_are_recalled_exactly():
    state, _, _ = random_frame()
    key, value = torch.eye(6, dtype=torch.float64)[:, :4].expand(2, -1, -1), torch.randn(2, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(read_memory(gated_delta_update(state, key, value, ONE, ONE), key), value)


def test_zero_beta_keeps_the_memory_and_zero_alpha_forgets_it():
    state, key, value = random_frame()
    torch.testing.assert_close(gated_delta_update(state, key, value, ONE, ZERO), state)
    torch.testing.assert_close(gated_delta_update(state, key, value, ZERO, ZERO), torch.zeros_like(state))
    fresh = gated_delta_update(torch.zeros_like(state), key, value, ONE, ONE)
    torch.testing.assert_close(gated_delta_update(state, key, value, ZERO, ONE), fresh)


def test_each_rule_equals_its_row_in_table_4_or_its_successor():
    state, key, value = random_frame()
    alpha, beta = random_gates()
    written, erased = value @ key.mT, (state @ key) @ key.mT
    expected = {
        "additive": state + written,
        "overwrite": state - erased + written,
        "write_gate": state - beta * erased + beta * written,
        "decay": alpha * state + written,
        "gated_delta": alpha * (state - beta * erased) + beta * written,
        "orthogonal": orthogonalize(alpha * (state - beta * erased) + beta * written),
    }
    assert tuple(expected) == UPDATE_RULES
    for rule, result in expected.items():
        torch.testing.assert_close(update_memory(state, key, value, alpha, beta, rule), result)


def test_additive_rule_is_the_cumulative_sum_of_outer_products():
    keys, values = torch.randn(7, 1, 6, 9), torch.randn(7, 1, 5, 9)
    state = torch.zeros(1, 5, 6)
    for key, value in zip(keys, values):
        state = update_memory(state, key, value, ONE, ONE, "additive")
    torch.testing.assert_close(state, (values @ keys.mT).sum(0))


def test_the_write_is_a_contraction_for_any_gates():
    state, key, _ = random_frame()
    for seed in range(20):
        torch.manual_seed(seed)
        alpha, beta = random_gates()
        kept = gated_delta_update(state, key, torch.zeros(2, 5, 9, dtype=torch.float64), alpha.round(), beta.round())
        assert kept.norm() <= state.norm() + 1e-9


@pytest.mark.parametrize(("gate_shape", "grows"), [("row", False), ("matrix", True)])
@torch.inference_mode()
def test_adverse_gates_make_the_memory_grow_only_as_a_free_matrix(gate_shape, grows):
    """In each frame, every gate is opened or closed, whichever makes the memory larger; nothing decays."""
    torch.manual_seed(0)
    state, constant, largest = torch.zeros(1, 32, 64), torch.randn(1, 64, 64), 0.0
    for frame in range(2000):
        key = normalize_keys(torch.randn(1, 64, 64) if frame % 2 else constant)
        change = (torch.randn(1, 32, 64) - state @ key) @ key.mT
        growth = 2 * state * change + change.square()
        beta = ((growth.sum(2, keepdim=True) if gate_shape == "row" else growth) > 0).float()
        state = state + beta * change
        largest = max(largest, float(state.norm()))
    assert (largest > 1000) == grows


def test_gradients_are_correct_in_double_precision():
    state, key, value = random_frame(keys=3, values=2, tokens=4)
    alpha, beta = random_gates(values=2, keys=3)
    inputs = [x.requires_grad_() for x in (state, key, value, alpha, beta)]
    assert torch.autograd.gradcheck(gated_delta_update, inputs)


def test_unknown_names_are_refused_with_the_options():
    state, key, value = random_frame()
    with pytest.raises(ValueError, match="'gated_dleta' is unknown; choose additive, overwrite"):
        update_memory(state, key, value, ONE, ONE, "gated_dleta")
    with pytest.raises(ValueError, match="'l2' is unknown; choose 'frobenius' or 'none'"):
        normalize_keys(key, "l2")
