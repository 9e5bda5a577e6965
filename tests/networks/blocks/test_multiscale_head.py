from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import BoundaryHead, MultiscaleHead


def features(*channels: int) -> list[torch.Tensor]:
    return [torch.rand(2, width, 12 // 2**level, 8 // 2**level) for level, width in enumerate(channels)]


def test_logits_have_the_resolution_of_the_finest_feature():
    assert MultiscaleHead((4, 6, 8), 8, out_channels=3)(features(4, 6, 8)).shape == (2, 3, 12, 8)


@torch.inference_mode()
def test_every_scale_counts():
    head, given = MultiscaleHead((4, 6, 8), 8, out_channels=3).eval(), features(4, 6, 8)
    before = head(given)
    for level in range(3):
        changed = [feature + (index == level) for index, feature in enumerate(given)]
        assert not torch.allclose(head(changed), before)


def test_the_boundary_head_has_three_convolutions_and_one_output():
    head = BoundaryHead(4, 8)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in head) == 3
    assert head(torch.rand(2, 4, 5, 6)).shape == (2, 1, 5, 6)
