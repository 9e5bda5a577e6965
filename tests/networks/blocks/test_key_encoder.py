"""Key encoders: one feature per stride, with the published channels."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import BACKBONES, ResNetKeyEncoder, make_key_encoder


@pytest.mark.parametrize("backbone", BACKBONES)
def test_key_encoder_returns_features_at_strides_16_8_4_2(backbone):
    encoder = make_key_encoder(backbone, width=8)
    features = encoder(torch.randn(2, 1, 64, 96))
    assert [tuple(f.shape[2:]) for f in features] == [(4, 6), (8, 12), (16, 24), (32, 48)]
    assert tuple(f.shape[1] for f in features) == encoder.channels


def test_the_resnet_has_its_published_channels():
    assert ResNetKeyEncoder().channels == (1024, 512, 256, 64)


def test_unknown_backbone_is_refused_with_the_options():
    with pytest.raises(ValueError, match="efficientnet_lite0"):
        make_key_encoder("efficientnet")
