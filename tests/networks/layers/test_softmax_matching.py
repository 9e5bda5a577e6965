from __future__ import annotations

import math

import torch

from gdkvm_monai.networks.layers import softmax_matching


def random_memory() -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    return tuple(torch.randn(2, channels, count, dtype=torch.float64) for channels, count in ((3, 4), (3, 7), (5, 7)))


def test_the_read_equals_a_literal_loop_of_equation_1():
    query, keys, values = random_memory()
    result = softmax_matching(query, keys, values)
    for b in range(2):
        for position in range(4):
            weights = [math.exp(float(keys[b, :, i] @ query[b, :, position])) for i in range(7)]
            expected = sum(weight / sum(weights) * values[b, :, i] for i, weight in enumerate(weights))
            torch.testing.assert_close(result[b, :, position], expected)


def test_a_query_that_matches_one_key_by_far_reads_its_value():
    keys, values = torch.eye(4)[None], torch.randn(1, 5, 4)
    torch.testing.assert_close(softmax_matching(100 * keys[..., 2:3], keys, values), values[..., 2:3])


def test_a_query_without_preference_reads_the_mean_and_one_stored_value_is_read_by_any_query():
    query, keys, values = random_memory()
    nothing = softmax_matching(torch.zeros_like(query), keys, values)
    torch.testing.assert_close(nothing, values.mean(2, keepdim=True).expand(-1, -1, 4))
    only = softmax_matching(query, keys[..., :1], values[..., :1])
    torch.testing.assert_close(only, values[..., :1].expand(-1, -1, 4))


def test_the_order_of_what_is_stored_does_not_matter_and_large_products_do_not_overflow():
    query, keys, values = random_memory()
    order = torch.randperm(7)
    shuffled = softmax_matching(query, keys[..., order], values[..., order])
    torch.testing.assert_close(shuffled, softmax_matching(query, keys, values))
    assert softmax_matching(1e6 * query, keys, values).isfinite().all()


def test_the_gradient_is_correct_in_double_precision():
    assert torch.autograd.gradcheck(softmax_matching, [x.requires_grad_() for x in random_memory()])
