from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.known import build_network
from gdkvm_monai.networks.nets import Vivim

TINY = {"widths": [4, 8, 10, 16], "depths": [1] * 4, "scan_depths": [1] * 4, "states": 2, "head_width": 8}
ROWS = ("basic", "C1", "C2", "C3", "full")


def tiny(**options) -> Vivim:
    torch.manual_seed(0)
    return Vivim(**{**TINY, **options}).eval()


@pytest.mark.parametrize("shape", [(1, 1, 32, 48, 1), (2, 1, 48, 32, 3)])
@torch.inference_mode()
def test_a_clip_gives_logits_of_its_own_size(shape):
    assert tiny()(torch.rand(shape)).shape == (shape[0], 4, *shape[2:])


@torch.inference_mode()
def test_batch_items_do_not_influence_each_other():
    net, clips = tiny(), torch.rand(2, 1, 32, 32, 3)
    torch.testing.assert_close(net(clips), torch.cat([net(clip[None]) for clip in clips]), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("ablation", ROWS)
def test_every_parameter_receives_a_gradient(ablation):
    net = tiny(ablation=ablation).train()
    net(torch.rand(2, 1, 64, 32, 3)).square().mean().backward()
    assert not [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize(("ablation", "influenced"), [("basic", [1]), ("C2", [0, 1, 2]), ("C3", [0, 1, 2])])
@torch.inference_mode()
def test_a_frame_influences_others_only_through_mamba_layers(ablation, influenced):
    net, clip = tiny(ablation=ablation), torch.rand(1, 1, 32, 32, 3)
    changed = clip.clone()
    changed[..., 1] += 1
    difference = (net(clip) - net(changed)).abs().amax(dim=(0, 1, 2, 3))
    assert difference.nonzero().flatten().tolist() == influenced


def test_each_row_of_the_ablation_adds_parameters_to_the_one_before():
    counts = [sum(p.numel() for p in tiny(ablation=row).parameters()) for row in ROWS]
    assert counts == sorted(set(counts))


def test_the_boundary_is_one_more_channel_in_training_only():
    net, clip = tiny(ablation="full"), torch.rand(1, 1, 32, 32, 2)
    assert net(clip).shape == (1, 4, 32, 32, 2) and net.train()(clip).shape == (1, 5, 32, 32, 2)


def test_the_same_seed_gives_the_same_network_and_eval_is_deterministic():
    clip, net = torch.rand(1, 1, 32, 32, 2), tiny()
    assert torch.equal(net(clip), tiny()(clip)) and torch.equal(net(clip), net(clip))


def test_a_model_card_can_rebuild_the_network():
    net, clip = tiny(), torch.rand(1, 1, 32, 32, 2)
    again = build_network("Vivim", net.options).eval()
    again.load_state_dict(net.state_dict())
    assert again.options == net.options and torch.equal(again(clip), net(clip))


def test_weights_can_be_channels_last():
    assert tiny().to(memory_format=torch.channels_last)(torch.rand(1, 1, 32, 32, 2)).isfinite().all()


@pytest.mark.parametrize(
    ("options", "offending"),
    [
        ({"widths": [4, 8, 10]}, r"widths is \[4, 8, 10\]"),
        ({"widths": [4, 8, 11, 16]}, "widths has 11, expected a multiple of its 5 heads"),
        ({"out_channels": 1}, "out_channels is 1, expected at least 2"),
        ({"ablation": "C4"}, "C4"),
    ],
)
def test_wrong_options_are_refused(options, offending):
    with pytest.raises(ValueError, match=offending):
        tiny(**options)


def test_a_wrong_clip_is_refused():
    with pytest.raises(ValueError, match="image size 40x32"):
        tiny()(torch.rand(1, 1, 40, 32, 2))
