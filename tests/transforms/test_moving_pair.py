"""A clip of a pair: a beat with true labels in every frame, whose speckle moves with the tissue."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gdkvm_monai.transforms import ClipVariation, PairMotiond, RandMovingPaird
from gdkvm_monai.transforms.moving_pair import draw_contraction, moving_clip
from tests.transforms.pairs import drawn_pair

STILL = ClipVariation(rotation_degrees=0, shift=0, gain=0, speckle=0, noise=0)


def clip(contraction: list[float], seed: int = 0, variation: ClipVariation = STILL) -> tuple[torch.Tensor, ...]:
    """The clip of the drawn pair in the given states."""
    pair = PairMotiond()(drawn_pair())
    rng = np.random.default_rng(seed)
    return moving_clip(pair["image"], pair["label"], pair["motion"], np.array(contraction), variation, rng)


@pytest.mark.parametrize("seed", range(3))
def test_the_frame_of_the_source_is_that_of_the_pair(seed):
    pair, (image, label) = drawn_pair(), clip([0.0, 0.5, 1.0], seed)
    source = int(np.random.default_rng(seed).integers(2))
    assert torch.equal(label[..., 2 * source], pair["label"][..., source])
    made, given = (frames[:, 2:-2, 2:-2] for frames in (image[..., 2 * source], pair["image"][..., source]))
    torch.testing.assert_close(made, given, atol=1e-4, rtol=0)


@pytest.mark.parametrize("seed", range(3))
def test_labels_follow_the_contraction_and_keep_their_classes(seed):
    _, label = clip([0.0, 0.25, 0.5, 0.75, 1.0], seed, ClipVariation())
    cavity, atrium = ((label == value).sum(dim=(0, 1, 2)) for value in (1, 3))
    assert (cavity.diff() < 0).all() and (atrium - atrium[0]).abs().max() < 0.1 * atrium[0]
    assert label.unique().tolist() == [0, 1, 2, 3]


def test_speckle_keeps_its_contrast_and_moves_with_the_label():
    pair, (image, label) = drawn_pair(), clip([0.0, 0.5, 1.0])
    for frame in range(3):
        wall, rest = (image[..., frame][label[..., frame] == value] for value in (2, 1))
        assert wall.mean() > 1.8 * rest.mean()
        assert wall.std() / wall.mean() > 0.6 * pair["image"][pair["label"] == 2].std() / wall.mean()
    assert (image[..., 0] - image[..., 2]).abs().mean() > 0.01


def test_noise_differs_between_frames_and_stays_in_the_image_range():
    image, label = clip([0.5, 0.5], variation=ClipVariation(rotation_degrees=0, shift=0, gain=0))
    assert not torch.equal(image[..., 0], image[..., 1]) and torch.equal(label[..., 0], label[..., 1])
    assert image.min() >= 0 and image.max() <= 1


def test_the_probe_drifts_no_further_than_the_variation_allows():
    _, label = clip([0.0] * 6, variation=ClipVariation(rotation_degrees=0, shift=0.05))
    places = [torch.nonzero(frame == 1)[:, 1:].float().mean(dim=0) for frame in label.unbind(-1)]
    steps = torch.stack(places) - torch.nonzero(drawn_pair()["label"][..., 0] == 1)[:, 1:].float().mean(dim=0)
    assert 0 < steps.abs().max() < 0.05 * 64 + 2


def test_contraction_covers_beats_from_ed_to_es():
    rng = np.random.default_rng(0)
    beats = np.concatenate([draw_contraction(40, rng) for _ in range(20)])
    assert beats.min() >= 0 and beats.min() < 0.01 and beats.max() <= 1 and beats.max() > 0.99


def test_the_transform_is_a_function_of_its_seed_and_removes_the_motion():
    item = PairMotiond()(drawn_pair())
    transform = RandMovingPaird(5)
    first, second, third = (transform.set_random_state(seed)(item) for seed in (1, 1, 2))
    assert first.keys() == {"image", "label"} and first["image"].shape == first["label"].shape == (1, 64, 64, 5)
    assert torch.equal(first["image"], second["image"]) and not torch.equal(first["image"], third["image"])


def test_two_frames_are_the_pair_and_one_is_refused():
    item, transform = PairMotiond()(drawn_pair()), RandMovingPaird()
    transform.set_num_frames(2)
    pair = transform(item)
    assert pair["image"] is item["image"] and pair.keys() == {"image", "label"}
    with pytest.raises(ValueError, match="num_frames is 1"):
        transform.set_num_frames(1)
