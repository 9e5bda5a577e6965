from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import (
    BACKBONES,
    Decoder,
    EfficientNetLite0,
    LightDecoder,
    ResNetKeyEncoder,
    ResNetValueEncoder,
    SharedValueEncoder,
    make_key_encoder,
)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_key_encoder_returns_features_at_strides_16_8_4_2(backbone):
    encoder = make_key_encoder(backbone, width=8)
    features = encoder(torch.randn(2, 1, 64, 96))
    assert [tuple(f.shape[2:]) for f in features] == [(4, 6), (8, 12), (16, 24), (32, 48)]
    assert tuple(f.shape[1] for f in features) == encoder.channels


def test_the_backbones_have_their_published_channels():
    assert ResNetKeyEncoder().channels == (1024, 512, 256, 64)
    assert EfficientNetLite0().channels == (112, 40, 24, 16)


def test_unknown_backbone_is_refused_with_the_options():
    with pytest.raises(ValueError, match="efficientnet_lite0"):
        make_key_encoder("efficientnet")


def test_efficientnet_rescales_frames_to_the_range_that_its_weights_expect():
    torch.manual_seed(0)
    encoder, seen = EfficientNetLite0(width=8).eval(), []
    encoder._conv_stem.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    encoder(torch.linspace(0, 1, 16 * 16).reshape(1, 1, 16, 16))
    inside = seen[0][..., :16, :16]  # the padding after it is zero
    torch.testing.assert_close(inside.aminmax(), (torch.tensor(-127 / 128), torch.tensor(1.0)))
    assert (seen[0][..., 16:, :] == 0).all() and (seen[0][..., 16:] == 0).all()


def test_resnet_value_encoder_uses_frame_mask_and_pixel_feature():
    torch.manual_seed(0)
    encoder = ResNetValueEncoder(1, 3, 5, value_channels=7, width=8).eval()
    inputs = [torch.randn(2, c, s, s) for c, s in [(1, 32), (3, 32), (5, 2), (9, 2), (8, 4), (6, 8)]]
    assert encoder(*inputs).shape == (2, 7, 2, 2)
    assert influences(encoder, inputs) == [True, True, True, False, False, False]


def test_shared_value_encoder_uses_the_mask_and_all_features_instead_of_the_frame():
    torch.manual_seed(0)
    encoder = SharedValueEncoder((9, 8, 6), 3, 5, value_channels=7, width=8).eval()
    inputs = [torch.randn(2, c, s, s) for c, s in [(1, 32), (3, 32), (5, 2), (9, 2), (8, 4), (6, 8)]]
    assert encoder(*inputs).shape == (2, 7, 2, 2)
    assert influences(encoder, inputs) == [False, True, True, True, True, True]


DECODER_INPUTS = [(6, 2), (5, 2), (8, 4), (9, 8), (10, 16), (1, 32)]


def test_decoder_reaches_full_resolution_and_uses_every_skip():
    torch.manual_seed(0)
    decoder = Decoder(4, 6, 5, (8, 9, 10), width=32).eval()
    inputs = [torch.randn(1, c, s, s) for c, s in DECODER_INPUTS]
    assert decoder(*inputs).shape == (1, 4, 32, 32)
    assert influences(decoder, inputs) == [True] * 6


def test_light_decoder_ignores_the_frame_and_upsamples_stride_2_logits_bilinearly():
    torch.manual_seed(0)
    decoder = LightDecoder(4, 6, 5, (8, 9, 10), width=32, deep_supervision=True).eval()
    inputs, coarse = [torch.randn(1, c, s, s) for c, s in DECODER_INPUTS], []
    decoder.classify.register_forward_hook(lambda module, inputs, output: coarse.append(output))
    logits = decoder(*inputs)
    assert coarse[0].shape == (1, 4, 16, 16)
    torch.testing.assert_close(logits, torch.nn.Upsample(scale_factor=2, mode="bilinear")(coarse[0]))
    assert influences(decoder, inputs) == [True] * 5 + [False]


def test_deep_supervision_adds_logits_of_strides_4_and_8_in_training_only():
    torch.manual_seed(0)
    decoder = LightDecoder(4, 6, 5, (8, 9, 10), width=32, deep_supervision=True)
    inputs = [torch.randn(2, c, s, s) for c, s in DECODER_INPUTS]
    supervised, plain = decoder(*inputs), decoder.eval()(*inputs)
    assert supervised.shape == (2, 3, 4, 32, 32) and plain.shape == (2, 4, 32, 32)
    for stride, head in ((4, supervised[:, 1]), (8, supervised[:, 2])):  # linear between the centers of coarse pixels
        inner = head[..., stride // 2 : -stride // 2, stride // 2 : -stride // 2]
        cells = inner.unflatten(-1, (-1, stride))
        torch.testing.assert_close(cells.diff(n=2), torch.zeros_like(cells[..., 2:]), atol=1e-4, rtol=0)


def influences(module: torch.nn.Module, inputs: list[torch.Tensor]) -> list[bool]:
    """Return whether the output depends on each input."""
    with torch.no_grad():
        expected = module(*inputs)
        return [
            not torch.allclose(module(*[x + (i == j) * torch.randn_like(x) for j, x in enumerate(inputs)]), expected)
            for i in range(len(inputs))
        ]
