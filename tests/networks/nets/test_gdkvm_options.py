"""Options that the paper does not have: position, a gate and a decoder that see more, and no memory at all."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.export.forms import Step
from gdkvm_monai.networks.nets import GDKVM

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}
LIGHT = {**SMALL, "backbone": "efficientnet_lite0", "value_encoder": "shared", "decoder": "light", "width": 16}
OPTIONS = {"key_position": True, "write_gate": "frame", "previous_mask": True, "readout_norm": "rms"}
ADDED = ("key_position", "frame_gate", "previous_mask")


def network(size: dict, trained: bool = True, **options) -> GDKVM:
    """Return a network with the options; with ``trained``, away from the start, where they change nothing."""
    torch.manual_seed(0)
    net = GDKVM(**{**size, **options}).eval()
    if trained:
        torch.nn.init.normal_(net.key_position.project.weight)
        torch.nn.init.normal_(net.frame_gate.gate.weight)
        torch.nn.init.zeros_(net.frame_gate.gate.bias)
        torch.nn.init.normal_(net.previous_mask.project8.weight)
        torch.nn.init.normal_(net.previous_mask.project4.weight)
    return net


both_sizes = pytest.mark.parametrize("size", [SMALL, LIGHT], ids=["small", "light"])


@both_sizes
@torch.inference_mode()
def test_step_in_a_loop_equals_forward_bit_for_bit(size):
    net, clip = network(size, **OPTIONS), torch.rand(2, 1, 32, 48, 4)
    state, logits = net.initial_state(clip[..., 0]), []
    for frame in clip.unbind(-1):
        frame_logits, state = net.step(frame, state)
        logits.append(frame_logits)
    assert torch.equal(net(clip), torch.stack(logits, -1))


@both_sizes
@torch.inference_mode()
def test_batch_items_do_not_influence_each_other(size):
    net, clips = network(size, **OPTIONS), torch.rand(3, 1, 32, 32, 3)
    alone = torch.cat([net(clip[None]) for clip in clips])
    torch.testing.assert_close(net(clips), alone, atol=1e-5, rtol=1e-4)


@both_sizes
def test_every_parameter_receives_a_gradient_from_the_start(size):
    net = network(size, trained=False, **OPTIONS).train()
    net(torch.rand(2, 1, 32, 32, 3)).square().mean().backward()
    assert not [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]


@both_sizes
@torch.inference_mode()
def test_weights_without_the_options_load_and_give_the_same_logits_with_position_and_an_open_gate(size):
    plain = network(size, trained=False)
    assert not [name for name in plain.state_dict() if name.startswith(ADDED)]
    options = {**OPTIONS, "readout_norm": "none"}  # it has no weights, but changes the logits
    net, clip = network(size, trained=False, **options), torch.rand(1, 1, 32, 32, 3)
    missing, unexpected = net.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected and set(missing) == {
        "key_position.project.weight",
        "frame_gate.gate.weight",
        "frame_gate.gate.bias",
        "previous_mask.project8.weight",
        "previous_mask.project4.weight",
    }
    torch.nn.init.constant_(net.frame_gate.gate.bias, 200.0)  # a gate of 1
    assert torch.equal(net(clip), plain(clip))


@torch.inference_mode()
def test_a_closed_gate_keeps_the_memory_and_segments_all_the_same():
    net, frame = network(SMALL, **OPTIONS), torch.rand(1, 1, 32, 32)
    _, state = net.step(frame, net.initial_state(frame))
    torch.nn.init.zeros_(net.frame_gate.gate.weight)
    torch.nn.init.constant_(net.frame_gate.gate.bias, -200.0)
    logits, after = net.step(torch.zeros_like(frame), state)
    assert torch.equal(after.memory, state.memory) and not torch.equal(after.foreground, state.foreground)
    assert logits.shape == (1, 4, 32, 32)


@torch.inference_mode()
def test_the_decoder_sees_the_previous_mask_and_the_memory_does_not_change_with_it():
    net, frame = network(LIGHT, **OPTIONS), torch.rand(1, 1, 32, 32)
    _, state = net.step(frame, net.initial_state(frame))
    features = net.encode(frame)
    seen = net.decoder_inputs(frame, features, state.memory, state.foreground)
    blind = net.decoder_inputs(frame, features, state.memory, torch.zeros_like(state.foreground))
    assert [torch.equal(one, other) for one, other in zip(seen, blind)] == [True, True, True, False, False, True, True]
    assert torch.equal(blind[3], features[2]) and torch.equal(blind[4], features[3])


@torch.inference_mode()
def test_torchscript_and_torch_export_give_the_same_logits():
    net, frame = network(LIGHT, **OPTIONS), torch.rand(2, 1, 32, 48)
    inputs = (frame, *net.step(frame, net.initial_state(frame))[1])
    expected = Step(net)(*inputs)
    for exported in (torch.jit.script(Step(net)), torch.export.export(Step(net), inputs).module()):
        for found, tensor in zip(exported(*inputs), expected):
            torch.testing.assert_close(found, tensor, atol=1e-5, rtol=1e-4)


def test_an_unknown_write_gate_is_refused_with_the_options():
    with pytest.raises(ValueError, match="frame"):
        GDKVM(**SMALL, write_gate="frmae")


@both_sizes
@torch.inference_mode()
def test_without_memory_frames_are_independent_and_step_equals_forward(size):
    net, clip = network(size, trained=False, update_rule="none"), torch.rand(2, 1, 32, 48, 3)
    logits, state = net(clip), net.initial_state(clip[..., 0])
    assert torch.equal(net(clip.flip(-1)).flip(-1), logits)
    for frame, expected in zip(clip.unbind(-1), logits.unbind(-1)):
        frame_logits, state = net.step(frame, state)
        assert torch.equal(frame_logits, expected) and not state.memory.any()
    assert not [name for name in net.state_dict() if name.startswith(("memory", "value_encoder", "fusion.key"))]


@both_sizes
def test_without_memory_every_parameter_receives_a_gradient(size):
    net = network(size, trained=False, update_rule="none").train()
    net(torch.rand(2, 1, 32, 32, 2)).square().mean().backward()
    assert not [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]


@torch.inference_mode()
def test_a_network_without_memory_is_exported_to_torchscript():
    net, frame = network(SMALL, trained=False, update_rule="none"), torch.rand(1, 1, 32, 32)
    inputs = (frame, *net.initial_state(frame))
    torch.testing.assert_close(torch.jit.script(Step(net))(*inputs), Step(net)(*inputs))


@pytest.mark.parametrize("option", [*OPTIONS, "key_standardization"])
def test_options_of_a_memory_are_refused_without_one(option):
    with pytest.raises(ValueError, match=f"{option}.*need an update_rule"):
        GDKVM(**SMALL, update_rule="none", **{option: OPTIONS.get(option, True)})


def test_standardized_keys_need_a_position():
    with pytest.raises(ValueError, match="key_standardization needs key_position"):
        GDKVM(**SMALL, key_standardization=True)
