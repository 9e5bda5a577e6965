from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.layers import mask_edges


def test_edges_are_the_pixels_on_both_sides_of_a_change_of_class():
    mask = torch.zeros(1, 1, 6, 6, dtype=torch.uint8)
    mask[..., 3:] = 2
    assert torch.equal(mask_edges(mask, 3)[0, 0], torch.tensor([0.0, 0, 1, 1, 0, 0]).expand(6, 6))


@pytest.mark.parametrize("value", [0, 2])
def test_a_uniform_mask_has_no_edge(value):
    assert not mask_edges(torch.full((2, 1, 5, 5), value), 3).any()


def test_names_of_classes_do_not_matter():
    mask = torch.randint(3, (2, 1, 9, 9))
    assert torch.equal(mask_edges(mask, 3), mask_edges(2 - mask, 3))
