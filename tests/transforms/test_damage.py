"""Damage changes the chosen frames in the named way, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gdkvm_monai.transforms import RandDamageFramesd
from gdkvm_monai.transforms.damage import DAMAGES, damage_frames


def clip(frames: int = 6) -> torch.Tensor:
    return 0.2 + 0.6 * torch.rand(1, 64, 64, frames, generator=torch.Generator().manual_seed(0))


def damaged(kind: str, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames 2 and 3 before and after."""
    return clip()[..., 2:4], damage_frames(clip(), kind, [2, 3], np.random.default_rng(seed))[..., 2:4]


@pytest.mark.parametrize("kind", DAMAGES)
def test_only_the_chosen_frames_change_and_the_given_clip_does_not(kind):
    image = clip()
    after = damage_frames(image, kind, [2, 3], np.random.default_rng(0))
    assert torch.equal(image, clip()) and after.shape == image.shape and after.min() >= 0 and after.max() <= 1
    changed = (after != image).flatten(0, 2).any(dim=0)
    assert changed.tolist() == [False, False, True, True, False, False]


def test_blank_frames_are_black_and_frozen_ones_repeat_the_last_frame():
    assert not damaged("blank")[1].any()
    assert torch.equal(damaged("frozen")[1], clip()[..., [1, 1]])


def test_dark_frames_keep_their_picture_and_blurred_ones_their_mean():
    before, after = damaged("dark")
    assert 0.05 <= float((after / before).mean()) <= 0.2 and float((after / before).std()) < 1e-6
    before, after = damaged("blur")
    assert after.std() < 0.3 * before.std() and after.mean() == pytest.approx(float(before.mean()), rel=0.02)


def test_noise_differs_between_frames():
    before, after = damaged("noise")
    noise = (after - before)[0].unbind(-1)
    assert 0.1 < float(noise[0].std()) < 0.4 and not torch.equal(*noise)


@pytest.mark.parametrize("seed", range(4))
def test_a_shadow_starts_at_the_probe_and_takes_a_part_of_the_frame(seed):
    before, after = damaged("shadow", seed)
    light = after / before
    dark = (light[0, ..., 0] < 0.2).float()
    assert 0.02 < dark.mean() < 0.7 and light.max() > 0.9
    assert dark[:, 24].sum() > dark[:, 8].sum(), "it widens with depth"


def test_an_unknown_kind_and_a_frame_outside_are_refused():
    with pytest.raises(ValueError, match="smear"):
        damage_frames(clip(), "smear", [0], np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"\[5, 6\]"):
        damage_frames(clip(), "blank", [5, 6], np.random.default_rng(0))
    with pytest.raises(ValueError, match="smear"):
        RandDamageFramesd(kinds=["smear"])
    with pytest.raises(ValueError, match="max_frames is 0"):
        RandDamageFramesd(max_frames=0)


def test_at_least_two_frames_remain_and_damaged_ones_are_consecutive():
    transform, lengths = RandDamageFramesd(prob=1, kinds=["blank"]).set_random_state(0), set()
    for _ in range(60):
        blank = ~transform({"image": clip()})["image"].flatten(0, 2).any(dim=0)
        places = torch.nonzero(blank).flatten()
        assert (places.diff() == 1).all()
        lengths.add(len(places))
    assert lengths == {1, 2, 3, 4}


def test_pairs_and_the_unlucky_share_of_clips_stay_whole():
    pair = {"image": clip(2)}
    assert RandDamageFramesd(prob=1)(pair)["image"] is pair["image"]
    transform = RandDamageFramesd(prob=0.3, max_frames=1).set_random_state(0)
    whole = clip()
    hits = [transform({"image": whole})["image"] is not whole for _ in range(200)]
    assert 0.2 < np.mean(hits) < 0.4
