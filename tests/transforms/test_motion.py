"""The flow takes the ED outlines to those of ES, and back, without folding and without moving what is far away."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.data.phantom import EchoPhantom
from gdkvm_monai.transforms import PairMotiond
from gdkvm_monai.transforms.motion import displacement, pair_velocity, warp
from tests.transforms.pairs import drawn_pair, real_pair


def dice(first: torch.Tensor, second: torch.Tensor, value: int) -> float:
    first, second = first == value, second == value
    return 2 * float((first & second).sum()) / float(first.sum() + second.sum())


def arrived(label: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The ED label at ES, and the ES label at ED, ``(1, 1, H, W)`` each."""
    moved = displacement(pair_velocity(label), torch.tensor([-1.0, 1.0]), label.shape[1:3])
    ed, es = label.movedim(-1, 0)[:, None]
    return warp(ed, moved[:1], mode="nearest"), warp(es, moved[1:], mode="nearest")


def jacobian(moved: torch.Tensor) -> torch.Tensor:
    """Determinant of the map's derivative between the places of a displacement ``(N, 2, H, W)``."""
    height, width = moved.shape[-2:]
    x = moved[:, 0] * width / 2 + torch.arange(width)
    y = moved[:, 1] * height / 2 + torch.arange(height)[:, None]
    (xx, xy), (yx, yy) = ((place.diff(dim=2)[:, :-1], place.diff(dim=1)[..., :-1]) for place in (x, y))
    return xx * yy - xy * yx


def test_the_outlines_arrive_and_return():
    label = drawn_pair(128)["label"]
    at_es, at_ed = arrived(label)
    for value, least in ((1, 0.97), (2, 0.94), (3, 0.97)):
        assert dice(at_es[0, 0], label[0, ..., 1], value) > least
        assert dice(at_ed[0, 0], label[0, ..., 0], value) > least


@pytest.mark.parametrize("seed", [0, 1])
def test_the_ventricle_of_a_phantom_arrives_and_returns(seed):
    phantom = EchoPhantom(seed)
    _, frames, _ = phantom.render("4CH", [0.0, phantom.end_systole_s], size=(128, 128))
    label = torch.tensor(frames, dtype=torch.float32)[None]
    at_es, at_ed = arrived(label)
    assert dice(at_es[0, 0], label[0, ..., 1], 1) > 0.97 and dice(at_ed[0, 0], label[0, ..., 0], 1) > 0.97


@pytest.mark.parametrize("patient", [1, 89, 401])
def test_the_ventricle_of_a_real_patient_arrives_and_returns(real_data, patient):
    label = real_pair(real_data, patient)["label"]
    at_es, at_ed = arrived(label)
    assert dice(at_es[0, 0], label[0, ..., 1], 1) > 0.97 and dice(at_ed[0, 0], label[0, ..., 0], 1) > 0.97
    times = torch.linspace(-1, 1, 9)
    assert jacobian(displacement(pair_velocity(label), times, (128, 128))).min() > 0


def test_no_time_is_no_motion_and_a_negative_time_is_the_inverse():
    velocity = pair_velocity(drawn_pair()["label"])
    still, forth, back = displacement(velocity, torch.tensor([0.0, 0.7, -0.7]))[:, None]
    assert not still.any() and forth.abs().max() > 0.05
    assert (forth + warp(back, forth)).abs().mean() < 0.03 * forth.abs().mean()


def test_the_flow_of_two_parts_of_time_is_that_of_their_sum():
    velocity = pair_velocity(drawn_pair()["label"])
    first, second, both = displacement(velocity, torch.tensor([0.3, 0.5, 0.8]))[:, None]
    torch.testing.assert_close(first + warp(second, first), both, atol=2e-3, rtol=0)


def test_the_flow_is_smooth_and_invertible_and_decays_far_from_the_heart():
    label = drawn_pair()["label"]
    moved = displacement(pair_velocity(label), torch.linspace(-1, 1, 5))
    assert jacobian(moved).min() > 0
    corner = moved[..., -3:, :3].abs().max()
    assert corner < 0.01 * moved.abs().max()


def test_the_area_of_the_ventricle_shrinks_all_the_way():
    label = drawn_pair(128)["label"]
    moved = displacement(pair_velocity(label), -torch.linspace(0, 1, 9), (128, 128))
    cavity = (label[..., 0] == 1).float()[None].expand(9, -1, -1, -1)
    areas = warp(cavity, moved).sum(dim=(1, 2, 3))
    assert (areas.diff() < 0).all() and areas[0] == (label[..., 0] == 1).sum()


def test_equal_frames_do_not_move():
    label = drawn_pair()["label"][..., [0, 0]]
    assert not pair_velocity(label).any()


def test_an_item_gets_its_motion_and_keeps_the_rest():
    item = drawn_pair()
    moved = PairMotiond()(item)
    assert moved.keys() == {"image", "label", "motion"} and moved["motion"].shape == (2, 64, 64)
    assert moved["image"] is item["image"]


def test_a_frame_without_a_ventricle_is_refused():
    label = drawn_pair()["label"]
    label[..., 1][label[..., 1] == 1] = 0
    with pytest.raises(ValueError, match="ES label has no left ventricle"):
        pair_velocity(label)
    with pytest.raises(ValueError, match=r"\(1, 64, 64, 1\)"):
        pair_velocity(label[..., :1])
