"""Decoders reach full resolution and use every skip."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import DECODERS, Decoder, LightDecoder, UNetDecoder, make_decoder
from tests.networks.blocks.influence import influences

DECODER_INPUTS = [(6, 2), (5, 2), (7, 2), (8, 4), (9, 8), (10, 16), (1, 32)]
"""Channels and size of readout, pixel feature, f16, f8, f4, f2, and frame."""


def test_decoder_reaches_full_resolution_and_uses_every_skip():
    torch.manual_seed(0)
    decoder = Decoder(4, 6, 5, (8, 9, 10), width=32).eval()
    inputs = [torch.randn(1, c, s, s) for c, s in DECODER_INPUTS]
    assert decoder(*inputs).shape == (1, 4, 32, 32)
    assert influences(decoder, inputs) == [True, True, False, True, True, True, True]


def test_light_decoder_ignores_the_frame_and_upsamples_stride_2_logits_bilinearly():
    torch.manual_seed(0)
    decoder = LightDecoder(4, 6, 5, (8, 9, 10), width=32, deep_supervision=True).eval()
    inputs, coarse = [torch.randn(1, c, s, s) for c, s in DECODER_INPUTS], []
    decoder.classify.register_forward_hook(lambda module, inputs, output: coarse.append(output))
    logits = decoder(*inputs)
    assert coarse[0].shape == (1, 4, 16, 16)
    torch.testing.assert_close(logits, torch.nn.Upsample(scale_factor=2, mode="bilinear")(coarse[0]))
    assert influences(decoder, inputs) == [True, True, False, True, True, True, False]


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


def test_dropout_of_a_light_decoder_changes_every_pass_in_training_and_none_in_eval():
    torch.manual_seed(0)
    decoder = LightDecoder(4, 8, 8, (8, 8, 8), width=16, dropout=0.5)
    inputs = [torch.rand(2, 8, 2 * factor, 2 * factor) for factor in (1, 1, 1, 2, 4, 8)] + [torch.rand(2, 1, 32, 32)]
    assert not torch.equal(decoder(*inputs), decoder(*inputs))
    decoder.eval()
    assert torch.equal(decoder(*inputs), decoder(*inputs))


def test_a_decoder_is_built_by_name_and_an_unknown_name_refused():
    channels = (4, 6, 5, (7, 8, 9, 10))
    built = {name: type(make_decoder(name, channels, in_channels=1, width=32)) for name in DECODERS}
    assert built == {"full": Decoder, "light": LightDecoder, "unet": UNetDecoder}
    with pytest.raises(ValueError, match="lihgt"):
        make_decoder("lihgt", channels, in_channels=1, width=32)
