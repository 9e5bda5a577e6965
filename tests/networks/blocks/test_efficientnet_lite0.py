"""EfficientNet-Lite0 matches the published weights: channels, gray values, and padding."""

from __future__ import annotations

import torch

from gdkvm_monai.networks.blocks import EfficientNetLite0


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
