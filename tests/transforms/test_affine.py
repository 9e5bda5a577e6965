"""A clip moves as a whole, its label with it, and by no more than what the arguments allow."""

from __future__ import annotations

import math

import pytest
import torch
from monai.data import MetaTensor

from gdkvm_monai.transforms import RandAffineFramesd

KEYS = ["image", "label"]
STILL = {"rotation_degrees": 0.0, "zoom": (1.0, 1.0), "aspect": 0.0, "shift": 0.0}


def ellipse(rows: float = 24, columns: float = 16, size: int = 128) -> dict[str, torch.Tensor]:
    """An ellipse with the given half axes, the same in three frames, as image and label."""
    y, x = torch.meshgrid(torch.arange(size) + 0.5, torch.arange(size) + 0.5, indexing="ij")
    inside = (((y - size / 2) / rows) ** 2 + ((x - size / 2) / columns) ** 2 <= 1).float()
    clip = inside[None, ..., None].expand(1, size, size, 3).contiguous()
    return {"image": clip.clone(), "label": clip.clone()}


def moments(clip: dict[str, torch.Tensor]) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Area, center and covariance of the first frame's gray values, in pixels."""
    gray = clip["image"][0, ..., 0]
    points = torch.cartesian_prod(torch.arange(128) + 0.5, torch.arange(128) + 0.5)
    return float(gray.sum()), points.T @ gray.flatten() / gray.sum(), points.T.cov(aweights=gray.flatten())


def moved(seed: int, **options) -> dict[str, torch.Tensor]:
    transform = RandAffineFramesd(KEYS, prob=1.0, **{**STILL, **options})
    return transform.set_random_state(seed)(ellipse())


def test_without_any_range_the_clip_is_unchanged():
    before, after = ellipse(), moved(0)
    for key in KEYS:
        torch.testing.assert_close(after[key], before[key])


@pytest.mark.parametrize("seed", range(5))
def test_all_frames_and_the_label_move_together_and_the_label_keeps_its_classes(seed):
    clip = moved(seed, rotation_degrees=15, zoom=(0.8, 1.15), aspect=0.08, shift=0.1)
    for key in KEYS:
        assert torch.equal(clip[key][..., 0], clip[key][..., 1]) and torch.equal(clip[key][..., 0], clip[key][..., 2])
    assert set(clip["label"].unique().tolist()) == {0.0, 1.0}
    overlap = ((clip["image"] > 0.5) == (clip["label"] > 0.5)).float().mean()
    assert overlap > 0.99


@pytest.mark.parametrize("factor", [0.8, 1.15])
def test_a_zoom_enlarges_both_axes_by_the_same_factor(factor):
    area, center, covariance = moments(moved(0, zoom=(factor, factor)))
    before, middle, shape = moments(ellipse())
    assert area == pytest.approx(before * factor**2, rel=0.02)
    torch.testing.assert_close(center, middle, atol=0.1, rtol=0)
    torch.testing.assert_close(covariance.diag(), factor**2 * shape.diag(), rtol=0.03, atol=0)


@pytest.mark.parametrize("seed", range(5))
def test_the_aspect_changes_within_its_range_and_keeps_the_area(seed):
    area, _, covariance = moments(moved(seed, aspect=0.3))
    before, _, shape = moments(ellipse())
    assert area == pytest.approx(before, rel=0.02)
    stretch = math.sqrt(covariance[0, 0] / shape[0, 0])
    assert 1 / 1.35 < stretch < 1.35 and abs(stretch - 1) > 0.005
    assert math.sqrt(covariance[1, 1] / shape[1, 1]) == pytest.approx(1 / stretch, rel=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_rotation_keeps_area_and_axes_and_shift_stays_in_its_range(seed):
    before, middle, shape = moments(ellipse())
    area, center, covariance = moments(moved(seed, rotation_degrees=40))
    assert area == pytest.approx(before, rel=0.02)
    torch.testing.assert_close(torch.linalg.eigvalsh(covariance), torch.linalg.eigvalsh(shape), rtol=0.03, atol=0)
    assert abs(covariance[0, 1]) > 1
    _, center, _ = moments(moved(seed, shift=0.1))
    offset = (center - middle).abs()
    assert 0.3 < offset.max() <= 12.8 + 0.1


def test_half_of_the_clips_move_with_probability_one_half_and_the_seed_decides_which():
    transforms = [RandAffineFramesd(KEYS, prob=0.5).set_random_state(3) for _ in range(2)]
    results = [[not torch.equal(t(ellipse())["image"], ellipse()["image"]) for _ in range(60)] for t in transforms]
    assert results[0] == results[1] and 15 < sum(results[0]) < 45


def test_metadata_stay_with_the_clip():
    clip = {"image": MetaTensor(ellipse()["image"], meta={"filename_or_obj": "clip"}), "label": ellipse()["label"]}
    after = RandAffineFramesd(KEYS, prob=1.0).set_random_state(0)(clip)
    assert after["image"].meta["filename_or_obj"] == "clip" and type(after["label"]) is torch.Tensor


@pytest.mark.parametrize("zoom", [(0.0, 1.0), (1.2, 0.8)])
def test_a_zoom_that_is_not_a_positive_range_is_refused(zoom):
    with pytest.raises(ValueError, match=r"zoom is \["):
        RandAffineFramesd(KEYS, zoom=zoom)
