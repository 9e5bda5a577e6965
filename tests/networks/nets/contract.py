"""What every network for clips must do, as functions of a small network for clips with one channel and four classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn


def segments_clips_of_any_length_and_of_sizes_that_are_multiples_of_16(net: nn.Module) -> None:
    for shape in ((1, 1, 32, 48, 1), (2, 1, 64, 32, 3)):
        assert net(torch.rand(shape)).shape == (shape[0], 4, *shape[2:])


def refuses_other_clips(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="image size 40x32 must be a multiple of 16"):
        net(torch.rand(1, 1, 40, 32, 2))
    with pytest.raises(ValueError, match=r"\(B, 1, H, W, T\) with T >= 1, got \[1, 3, 32, 32, 2\]"):
        net(torch.rand(1, 3, 32, 32, 2))
    with pytest.raises(TypeError, match="torch.uint8"):
        net(torch.zeros(1, 1, 32, 32, 2, dtype=torch.uint8))


@torch.inference_mode()
def steps_in_a_loop_as_in_forward(net: nn.Module) -> None:
    clip = torch.rand(2, 1, 32, 32, 4)
    state, logits = net.initial_state(clip[..., 0]), []
    for frame in clip.unbind(-1):
        frame_logits, state = net.step(frame, state)
        logits.append(frame_logits)
    torch.testing.assert_close(net(clip), torch.stack(logits, -1))


@torch.inference_mode()
def is_causal_and_remembers(net: nn.Module) -> None:
    clip = torch.rand(1, 1, 32, 32, 4)
    changed = clip.clone()
    changed[..., 1] += 1
    before, after = net(clip), net(changed)
    assert torch.equal(before[..., :1], after[..., :1])
    for frame in (1, 2, 3):
        assert not torch.allclose(before[..., frame], after[..., frame], atol=1e-6)


@torch.inference_mode()
def keeps_batch_items_and_clips_apart(net: nn.Module) -> None:
    clips = torch.rand(3, 1, 32, 32, 3)
    alone = torch.cat([net(clip[None]) for clip in clips])
    torch.testing.assert_close(net(clips), alone, atol=1e-5, rtol=1e-4)
    assert torch.equal(net(clips), net(clips))


def gives_every_parameter_a_gradient(net: nn.Module) -> None:
    net.train()(torch.rand(2, 1, 32, 32, 3)).square().mean().backward()
    assert not [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]


CONTRACT = [
    segments_clips_of_any_length_and_of_sizes_that_are_multiples_of_16,
    refuses_other_clips,
    steps_in_a_loop_as_in_forward,
    is_causal_and_remembers,
    keeps_batch_items_and_clips_apart,
    gives_every_parameter_a_gradient,
]

every_rule = pytest.mark.parametrize("rule", CONTRACT, ids=lambda rule: rule.__name__)
