"""The U-Net's encoder and decoder: MONAI's U-Net, to which a memory is added."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.export.forms import Step
from gdkvm_monai.networks.blocks import UNetDecoder, UNetKeyEncoder, load_imagenet_weights, unet_parts
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame
from tests.networks.blocks.influence import influences

UNET = {"in_channels": 1, "out_channels": 4, "channels": [8, 16, 32, 64, 128], "strides": [2] * 4, "num_res_units": 2}
MEMORY = {"backbone": "unet", "decoder": "unet", "width": 16, "key_channels": 8, "value_channels": 12}
OPTIONS = {
    "value_encoder": "shared",
    "key_position": True,
    "write_gate": "frame",
    "previous_mask": True,
    "readout_norm": "rms",
}


def started() -> tuple[FrameByFrame, GDKVM]:
    """Build a U-Net, and a GDKVM that starts from its weights."""
    torch.manual_seed(0)
    unet, net = FrameByFrame("UNet", **UNET).eval(), GDKVM(**MEMORY, **OPTIONS).eval()
    missing, unexpected = net.load_state_dict(unet_parts(unet.state_dict()), strict=False)
    assert not unexpected
    assert not [name for name in missing if name.startswith(("key_encoder", "decoder")) and "remember" not in name]
    return unet, net


@torch.inference_mode()
def test_with_the_weights_of_a_unet_the_network_starts_as_that_unet():
    unet, net = started()
    clip = torch.rand(2, 1, 64, 96, 3)
    torch.testing.assert_close(net(clip), unet(clip), rtol=1e-5, atol=1e-6)


@torch.inference_mode()
def test_once_the_memory_is_read_a_frame_depends_on_earlier_frames_and_stays_causal():
    _, net = started()
    torch.nn.init.normal_(net.decoder.remember.weight)
    clip = torch.rand(1, 1, 64, 64, 3)
    other = clip.clone()
    other[..., 0] = torch.rand(64, 64)
    first, second = net(clip), net(other)
    assert not torch.allclose(first[..., 2], second[..., 2])
    torch.testing.assert_close(net(clip[..., :2]), first[..., :2])


@torch.inference_mode()
def test_torchscript_and_torch_export_give_the_same_logits_and_steps_equal_the_clip():
    _, net = started()
    torch.nn.init.normal_(net.decoder.remember.weight, std=0.1)
    clip = torch.rand(1, 1, 64, 96, 2)
    logits, state = net.step(clip[..., 0], net.initial_state(clip[..., 0]))
    assert torch.equal(logits, net(clip)[..., 0])
    inputs = (clip[..., 1], *state)
    expected = Step(net)(*inputs)
    for exported in (torch.jit.script(Step(net)), torch.export.export(Step(net), inputs).module()):
        for found, tensor in zip(exported(*inputs), expected):
            torch.testing.assert_close(found, tensor, atol=1e-5, rtol=1e-4)


def test_the_decoder_uses_everything_but_the_frame():
    torch.manual_seed(0)
    decoder = UNetDecoder(4, 6, 5, (8, 9, 10), 7).eval()
    torch.nn.init.normal_(decoder.remember.weight)
    inputs = [torch.randn(1, c, s, s) for c, s in [(6, 2), (5, 2), (7, 2), (8, 4), (9, 8), (10, 16), (1, 32)]]
    assert decoder(*inputs).shape == (1, 4, 32, 32)
    assert influences(decoder, inputs) == [True] * 6 + [False]


def test_the_encoder_has_the_channels_of_unet_yaml():
    assert UNetKeyEncoder().channels == (256 + 512, 128, 64, 32)


def test_weights_of_another_network_are_refused_by_the_name_that_does_not_fit():
    with pytest.raises(ValueError, match="memory.beta"):
        unet_parts({"memory.beta.bias": torch.zeros(1)})


def test_there_are_no_imagenet_weights_for_it():
    with pytest.raises(ValueError, match="UNetKeyEncoder.*null"):
        load_imagenet_weights(UNetKeyEncoder(width=8), {})


def test_a_frame_of_one_place_is_refused_with_the_smallest_size():
    with pytest.raises(ValueError, match="16x16 is too small for this network.*more than 16x16"):
        GDKVM(**MEMORY).eval()(torch.rand(1, 1, 16, 16, 2))
