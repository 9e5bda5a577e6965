from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from gdkvm_monai.networks.blocks import DIRECTIONS, SelectiveStateSpace, SpatiotemporalMamba
from gdkvm_monai.networks.blocks.spatiotemporal_mamba import STEP_SIZES


@torch.inference_mode()
def test_a_state_space_is_causal():
    filtered, sequence = SelectiveStateSpace(6, states=2), torch.rand(1, 9, 6)
    changed = sequence.clone()
    changed[:, 4] += 1
    difference = (filtered(sequence) - filtered(changed)).abs().amax(dim=(0, 2))
    assert not difference[:4].any() and difference[4:].all()


def test_initial_step_sizes_are_in_their_range_and_decays_are_whole_numbers():
    filtered = SelectiveStateSpace(64, states=4)
    sizes = F.softplus(filtered.step_size.bias)
    assert STEP_SIZES[0] * 0.999 <= sizes.min() and sizes.max() <= STEP_SIZES[1] * 1.001
    torch.testing.assert_close(filtered.log_decay.exp()[0], torch.tensor([1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize(
    ("direction", "later"),
    [
        ("temporal_forward", lambda t, y, x: (t, y, x) >= (1, 1, 1)),
        ("temporal_backward", lambda t, y, x: (t, y, x) <= (1, 1, 1)),
        ("spatial", lambda t, y, x: (y, x, t) >= (1, 1, 1)),
    ],
)
@torch.inference_mode()
def test_a_token_influences_those_that_follow_it_in_the_scan(direction, later):
    mix, clip = SpatiotemporalMamba(4, (direction,), states=2), torch.rand(1, 3, 3, 3, 4)
    changed = clip.clone()
    changed[:, 1, 1, 1] += 1
    influenced = (mix(clip) - mix(changed)).abs().amax(dim=(0, 4)) > 0  # (T, h, w)
    expected = torch.tensor([[[later(t, y, x) for x in range(3)] for y in range(3)] for t in range(3)])
    assert torch.equal(influenced, expected)


@torch.inference_mode()
def test_the_scans_of_all_directions_are_summed():
    mix, clip = SpatiotemporalMamba(4, DIRECTIONS, states=2), torch.rand(1, 2, 3, 3, 4)
    alone = []
    for name in DIRECTIONS:
        one = SpatiotemporalMamba(4, (name,), states=2)
        one.load_state_dict({key: value for key, value in mix.state_dict().items() if key in one.state_dict()})
        alone.append(one(clip))
    torch.testing.assert_close(mix(clip), sum(alone))


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="sideways"):
        SpatiotemporalMamba(4, ("sideways",))
