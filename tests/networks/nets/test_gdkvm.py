from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.networks.nets import UNet
from torch.utils.flop_counter import FlopCounterMode

from gdkvm_monai.networks.layers import UPDATE_RULES
from gdkvm_monai.networks.nets import GDKVM, FrameByFrame

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 32}


LIGHT = {
    "backbone": "efficientnet_lite0",
    "value_encoder": "shared",
    "decoder": "light",
    "deep_supervision": True,
    "width": 16,
    "key_channels": 8,
    "value_channels": 16,
    "decoder_width": 32,
}
RELEASED = {**LIGHT, "width": 64, "key_channels": 64, "value_channels": 128, "decoder_width": 128}


def small_gdkvm(**options) -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**{**SMALL, **options}).eval()


def light_gdkvm(**options) -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**{**LIGHT, **options}).eval()


def small_unet() -> FrameByFrame:
    torch.manual_seed(0)
    return FrameByFrame(UNet(2, 1, 4, channels=(4, 8, 16), strides=(2, 2))).eval()


both_sizes = pytest.mark.parametrize("net", [small_gdkvm, light_gdkvm])


@pytest.mark.parametrize("net", [small_gdkvm, light_gdkvm, small_unet])
@pytest.mark.parametrize("shape", [(1, 1, 32, 48, 1), (2, 1, 64, 32, 3)])
def test_a_clip_gives_logits_of_its_own_size(net, shape):
    assert net()(torch.rand(shape)).shape == (shape[0], 4, *shape[2:])


@pytest.mark.parametrize("rule", ["gated_delta", "orthogonal"])
@both_sizes
def test_step_in_a_loop_equals_forward_bit_for_bit_for_any_chunk_size(net, rule):
    net, clip = net(update_rule=rule), torch.rand(2, 1, 32, 32, 7)
    with torch.inference_mode():
        state, logits = net.initial_state(clip[..., 0]), []
        for frame in clip.unbind(-1):
            frame_logits, state = net.step(frame, state)
            logits.append(frame_logits)
        for chunk_size in (1, 3, 16):
            net.chunk_size = chunk_size
            assert torch.equal(net(clip), torch.stack(logits, -1))


@both_sizes
def test_changing_a_frame_changes_only_its_own_and_later_logits(net):
    net, clip = net(), torch.rand(1, 1, 32, 32, 6)
    changed = clip.clone()
    changed[..., 3] += 1
    with torch.inference_mode():
        before, after = net(clip), net(changed)
    assert torch.equal(before[..., :3], after[..., :3])
    for frame in (3, 4, 5):
        assert not torch.allclose(before[..., frame], after[..., frame], atol=1e-6)


@pytest.mark.parametrize("net", [small_gdkvm, light_gdkvm, small_unet])
def test_batch_items_do_not_influence_each_other(net):
    net, clips = net(), torch.rand(3, 1, 32, 32, 3)
    with torch.inference_mode():
        together = net(clips)
        alone = torch.cat([net(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("fusion", ["kpff", "none"])
@pytest.mark.parametrize("rule", UPDATE_RULES)
@both_sizes
def test_every_parameter_receives_a_gradient(net, rule, fusion):
    net = net(update_rule=rule, fusion=fusion).train()
    net(torch.rand(2, 1, 32, 32, 3)).square().mean().backward()
    missing = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert not missing


@both_sizes
def test_the_same_seed_gives_the_same_network_and_eval_is_deterministic(net):
    first, second, clip = net(), net(), torch.rand(1, 1, 32, 32, 3)
    assert torch.equal(first(clip), second(clip)) and torch.equal(first(clip), first(clip))


@both_sizes
def test_the_state_has_the_same_size_after_one_frame_and_after_fifty(net):
    net, frame = net(), torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        _, state = net.step(frame, net.initial_state(frame))
        sizes = [x.shape for x in state]
        for _ in range(49):
            _, state = net.step(frame, state)
    assert [x.shape for x in state] == sizes == [(1, 16, 8), (1, 3, 32, 32)]


@both_sizes
def test_no_state_leaks_from_one_clip_to_the_next(net):
    net, first, second = net(), torch.rand(1, 1, 32, 32, 3), torch.rand(1, 1, 32, 32, 3)
    alone = net(second)
    net(first)
    assert torch.equal(net(second), alone)


def test_the_paper_configuration_has_the_number_of_parameters_in_the_readme():
    assert round(sum(p.numel() for p in GDKVM().parameters()) / 1e6, 1) == 15.2


def test_the_light_configuration_has_the_parameters_and_operations_in_the_readme():
    net, frame = GDKVM(**RELEASED).eval(), torch.rand(1, 1, 256, 256)
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == 2.1
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net.step(frame, net.initial_state(frame))
    assert round(counter.get_total_flops() / 1e9, 1) == 2.8


def test_deep_supervision_returns_three_strides_in_training_and_changes_nothing_in_eval():
    net, clip = light_gdkvm(), torch.rand(2, 1, 32, 32, 3)
    logits = net(clip)
    assert logits.shape == (2, 4, 32, 32, 3)
    assert net.train()(clip).shape == (2, 3, 4, 32, 32, 3)
    plain = light_gdkvm(deep_supervision=False)
    weights = {name: value for name, value in light_gdkvm().state_dict().items() if name in plain.state_dict()}
    plain.load_state_dict(weights)
    assert torch.equal(plain.eval()(clip), logits) and plain.train()(clip).shape == (2, 4, 32, 32, 3)


@both_sizes
def test_saved_weights_give_the_same_logits_in_a_new_network(net, tmp_path):
    first, clip = net(), torch.rand(1, 1, 32, 32, 2)
    torch.save(first.state_dict(), tmp_path / "model.pt")
    second = GDKVM(**first.options).eval()
    assert not torch.equal(second(clip), first(clip))
    second.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    assert torch.equal(second(clip), first(clip))


@pytest.mark.parametrize("frames", [1, 10])
@both_sizes
def test_torchscript_and_torch_export_agree_with_eager(net, frames):
    net, clip = net(), torch.rand(1, 1, 32, 32, frames)
    with torch.no_grad():
        expected = net(clip)
        torch.testing.assert_close(torch.jit.script(net)(clip), expected)
        torch.testing.assert_close(torch.export.export(net, (clip,)).module()(clip), expected)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 32, 32), r"shape \(B, 1, H, W, T\) with T >= 1, got \[1, 1, 32, 32\]; time is the last axis"),
        ((1, 3, 32, 32, 2), r"got \[1, 3, 32, 32, 2\]"),
        ((1, 1, 32, 32, 0), "T >= 1"),
        ((1, 1, 40, 32, 2), "image size 40x32 must be a multiple of 16; add Resized or DivisiblePadd"),
    ],
)
def test_a_wrong_clip_is_refused_in_one_sentence(shape, message):
    with pytest.raises(ValueError, match=message):
        small_gdkvm()(torch.rand(shape))


@pytest.mark.parametrize(
    ("clip", "kind"),
    [(np.zeros((1, 1, 32, 32, 2)), "ndarray"), (torch.zeros(1, 1, 32, 32, 2, dtype=torch.uint8), "torch.uint8")],
)
def test_a_clip_that_is_not_a_tensor_of_floats_is_refused(clip, kind):
    net = small_gdkvm()
    with pytest.raises(TypeError, match=f"expected a tensor of floats, got {kind}"):
        net(clip)
    with pytest.raises(TypeError, match=kind):
        net.step(clip[..., 0], None)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="out_channels is 1"):
        small_gdkvm(out_channels=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"value_encoder": "own"}, "shared"),
        ({"decoder": "narrow"}, "light"),
        ({"deep_supervision": True}, "needs the light decoder, not 'full'"),
    ],
)
def test_an_unknown_or_incompatible_option_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        small_gdkvm(**options)


@pytest.mark.slow
def test_the_network_can_memorize_one_clip():
    net, clip = small_gdkvm(out_channels=2).train(), torch.rand(1, 1, 64, 64, 3)
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    discs = torch.stack([((rows - 32) ** 2 + (columns - 20 - 8 * t) ** 2 < 150).long() for t in range(3)], -1)[None]
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(clip + 0.5 * discs[:, None]), discs)
        loss.backward()
        optimizer.step()
    predicted = net.eval()(clip + 0.5 * discs[:, None]).argmax(1)
    dice = 2 * (predicted & discs).sum() / (predicted.sum() + discs.sum())
    assert dice > 0.95


def test_gradients_of_features_keep_the_channels_last_format():
    net = small_gdkvm().to(memory_format=torch.channels_last).train()
    formats: list[bool] = []

    def watch(module: torch.nn.Module, inputs: tuple, feature: torch.Tensor) -> None:
        feature.register_hook(lambda grad: formats.append(grad.is_contiguous(memory_format=torch.channels_last)))

    for layer in (net.key_encoder.layer1, net.key_encoder.layer2):
        layer.register_forward_hook(watch)
    net(torch.rand(2, 1, 32, 32, 2)).square().mean().backward()
    assert formats == [True, True]
