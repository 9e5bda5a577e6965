"""EfficientNet-Lite0 matches the published weights: channels, gray values, and padding."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import EfficientNetLite0, make_key_encoder
from gdkvm_monai.networks.blocks.efficientnet_lite0 import InvertedBottleneck


def test_the_backbone_has_its_published_channels():
    assert EfficientNetLite0().channels == (112, 40, 24, 16)


def test_efficientnet_rescales_frames_to_the_range_that_its_weights_expect():
    torch.manual_seed(0)
    encoder, seen = EfficientNetLite0(width=8).eval(), []
    encoder._conv_stem.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    encoder(torch.linspace(0, 1, 16 * 16).reshape(1, 1, 16, 16))
    inside = seen[0][..., :16, :16]  # the padding after it is zero
    torch.testing.assert_close(inside.aminmax(), (torch.tensor(-127 / 128), torch.tensor(1.0)))
    assert (seen[0][..., 16:, :] == 0).all() and (seen[0][..., 16:] == 0).all()


def test_stochastic_depth_skips_blocks_in_training_only():
    torch.manual_seed(0)
    block = InvertedBottleneck(8, 8, 3, 1, 2, stochastic_depth=0.5)
    x = torch.rand(64, 8, 4, 4)
    skipped = (block(x) == x).flatten(1).all(dim=1)
    assert 16 < skipped.sum() < 48
    block.eval()
    assert not (block(x) == x).flatten(1).all(dim=1).any()
    with pytest.raises(ValueError, match="stochastic_depth is 0.1, expected 0 for resnet18"):
        make_key_encoder("resnet18", stochastic_depth=0.1)
