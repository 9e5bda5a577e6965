from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import BACKBONES, Decoder, KeyEncoder, ValueEncoder


@pytest.mark.parametrize("backbone", BACKBONES)
def test_key_encoder_gives_features_at_strides_16_8_4_2(backbone):
    encoder = KeyEncoder(backbone=backbone, width=8)
    features = encoder(torch.randn(2, 1, 64, 96))
    assert [tuple(f.shape[2:]) for f in features] == [(4, 6), (8, 12), (16, 24), (32, 48)]
    assert tuple(f.shape[1] for f in features) == encoder.channels


def test_the_paper_backbone_has_1024_channels_at_stride_16():
    assert KeyEncoder().channels == (1024, 512, 256, 64)


def test_unknown_backbone_is_refused_with_the_options():
    with pytest.raises(ValueError, match="resnet50"):
        KeyEncoder(backbone="resnet5")


def test_value_encoder_sees_frame_mask_and_pixel_feature():
    torch.manual_seed(0)
    encoder = ValueEncoder(1, 3, 5, value_channels=7, width=8).eval()
    frame, mask, pixel = torch.randn(2, 1, 32, 48), torch.rand(2, 3, 32, 48), torch.randn(2, 5, 2, 3)
    value = encoder(frame, mask, pixel)
    assert value.shape == (2, 7, 2, 3)
    for changed in [(frame + 1, mask, pixel), (frame, 1 - mask, pixel), (frame, mask, pixel + 1)]:
        assert not torch.allclose(encoder(*changed), value)


def test_decoder_reaches_full_resolution_and_uses_every_skip():
    torch.manual_seed(0)
    decoder = Decoder(4, 6, 5, (8, 9, 10), width=32).eval()
    inputs = [torch.randn(1, c, s, s) for c, s in [(6, 2), (5, 2), (8, 4), (9, 8), (10, 16), (1, 32)]]
    logits = decoder(*inputs)
    assert logits.shape == (1, 4, 32, 32)
    for i in range(len(inputs)):
        assert not torch.allclose(decoder(*[x + (i == j) * torch.randn_like(x) for j, x in enumerate(inputs)]), logits)
