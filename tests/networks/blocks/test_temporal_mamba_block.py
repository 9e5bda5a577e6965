from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import DIRECTIONS, Scale, SpatiotemporalMamba, TemporalMambaBlock

SCALE = Scale(channels=8, stride=2, heads=2, reduction=1, attentions=2, scans=3)


def test_a_block_halves_the_resolution_and_keeps_the_frames():
    assert TemporalMambaBlock(4, SCALE, DIRECTIONS, states=2)(torch.rand(1, 3, 4, 6, 4)).shape == (1, 3, 2, 3, 8)


def test_there_are_as_many_mamba_layers_as_requested_and_none_without_directions():
    counts = [
        sum(isinstance(layer, SpatiotemporalMamba) for layer in TemporalMambaBlock(4, SCALE, names, states=2).layers)
        for names in (DIRECTIONS, ())
    ]
    assert counts == [3, 0]


def test_layers_that_return_zero_leave_the_normalized_patches():
    block, clip = TemporalMambaBlock(4, SCALE, DIRECTIONS, states=2), torch.rand(1, 2, 4, 4, 4)
    for layer in block.layers:
        torch.nn.init.zeros_(layer.leave.weight)
        if layer.leave.bias is not None:
            torch.nn.init.zeros_(layer.leave.bias)
    torch.testing.assert_close(block(clip), block.norm(block.embed(clip)))
