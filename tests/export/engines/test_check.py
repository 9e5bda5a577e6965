"""The check of an engine: equal masks pass, other masks and logits that are not finite do not."""

from __future__ import annotations

import torch

from gdkvm_monai.export.engines import Check, SteppedNetwork, check_clip, compare_steps
from gdkvm_monai.networks.nets import GDKVMState
from tests.export.engines.conftest import SIZE


def changed(network, change) -> SteppedNetwork:
    """The network with changed logits."""

    def step(frame, memory, foreground):
        logits, state = network.step(frame, GDKVMState(memory, foreground))
        return change(logits), *state

    return SteppedNetwork(network, step)


def test_the_clip_moves_and_has_the_size_of_the_network():
    clip = check_clip(3, SIZE)
    assert clip.shape[:4] == (1, 3, *SIZE) and clip.shape[4] > 5
    assert clip.min() >= 0 and clip.max() <= 1 and (clip[..., 0] - clip[..., -1]).abs().mean() > 1e-3


def test_the_network_agrees_with_itself(tiny):
    check = compare_steps(tiny, tiny, check_clip(1, SIZE))
    assert check.agreement == 1 and check.max_abs_difference == 0 and check.agrees
    assert check.ms > 0 and check.eager_ms > 0


def test_exchanged_classes_do_not_agree(tiny):
    check = compare_steps(tiny, changed(tiny, lambda logits: logits.flip(1)), check_clip(1, SIZE))
    assert not check.agrees and check.agreement < 0.5


def test_a_state_that_is_not_passed_on_shows_in_the_logits(tiny):
    engine = SteppedNetwork(tiny, lambda frame, *state: (tiny.step(frame, GDKVMState(*state))[0], *state))
    assert compare_steps(tiny, engine, check_clip(1, SIZE)).max_abs_difference > 1e-3


def test_logits_that_are_not_finite_do_not_agree(tiny):
    check = compare_steps(tiny, changed(tiny, lambda logits: logits * torch.nan), check_clip(1, SIZE))
    assert check.agreement == 0 and not check.agrees


def test_the_limit_is_99_5_percent_of_pixels():
    assert Check(0.995, 1.0, 1.0, 1.0).agrees and not Check(0.9949, 1.0, 1.0, 1.0).agrees
