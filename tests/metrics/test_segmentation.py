"""Scores of one frame and of a clip: published values, an independent reference, invariances, and empty masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
from skimage.draw import ellipse

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.metrics.segmentation import score_clip, score_pair

SCORES = ("dice", "iou", "hd", "hd95", "asd", "nsd@1")
nan = float("nan")


def rectangle(shape, rows, columns):
    mask = np.zeros(shape, bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def hand_check():
    return rectangle((4, 4), (1, 3), (1, 4)), rectangle((4, 4), (1, 3), (1, 3))


def isolated_outlier():
    label = rectangle((40, 40), (8, 24), (8, 24))
    prediction = label.copy()
    prediction[29, 29] = True
    return prediction, label


def random_pair(seed, shape=(40, 52)):
    """Return two overlapping tilted ellipses, one with a hole and a stray component."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((2, *shape), bool)
    for mask in masks:
        center = rng.uniform((15, 20), (24, 30))
        mask[ellipse(*center, *rng.uniform(6, 14, 2), shape=shape, rotation=rng.uniform(-1, 1))] = True
    masks[0, 18:21, 22:25] = False
    masks[0, 1:4, 45:50] = True
    return masks


def oracle(prediction, label, spacing, tolerance=1.0):
    """Compute the scores literally: neighbors by shifting, distances between all pairs of surface pixels."""

    def surface(mask):
        padded = np.pad(mask, 1)
        inside = padded[2:, 1:-1] & padded[:-2, 1:-1] & padded[1:-1, 2:] & padded[1:-1, :-2]
        return np.argwhere(mask & ~inside) * spacing

    points = surface(prediction), surface(label)
    distances = np.sqrt(((points[0][:, None] - points[1][None]) ** 2).sum(-1))
    forth, back = distances.min(1), distances.min(0)
    pooled = np.concatenate([forth, back])
    return {
        "dice": 2 * (prediction & label).sum() / (prediction.sum() + label.sum()),
        "iou": (prediction & label).sum() / (prediction | label).sum(),
        "hd": pooled.max(),
        "hd95": max(np.percentile(forth, 95), np.percentile(back, 95)),
        "asd": pooled.mean(),
        "nsd@1": (pooled <= tolerance).mean(),
    }


FULL_24 = np.ones((24, 24), bool)
PUBLISHED = {
    "hand_check": (*hand_check(), None, (0.8, 2 / 3, 1, 1, 0.2, 1), "ok"),
    "u4_isolated_outlier": (*isolated_outlier(), None, (0.998051, 0.996109, 8.485281, 0, 0.070126, 0.991736), "ok"),
    "u5_nested_rectangles": (
        np.ones((20, 20), bool),
        rectangle((20, 20), (3, 17), (4, 16)),
        (0.8, 0.6),
        (0.591549, 0.42, 3.394113, 3.098528, 2.482759, 0),
        "ok",
    ),
    "u6_prediction_empty": (
        np.zeros((20, 30), bool),
        rectangle((20, 30), (4, 9), (5, 9)),
        None,
        (0, 0, 34.669872, 34.669872, 34.669872, 0),
        "one_empty",
    ),
    "e1_label_empty": (
        rectangle((20, 30), (4, 9), (5, 9)),
        np.zeros((20, 30), bool),
        (0.5, 0.25),
        (0, 0, 11.950418, 11.950418, 11.950418, 0),
        "one_empty",
    ),
    "e8_full_image_vs_block": (
        FULL_24,
        rectangle((24, 24), (8, 16), (8, 16)),
        (0.3, 0.3),
        (0.2, 1 / 9, 3.394113, 3.189044, 2.590355, 0),
        "ok",
    ),
    "e9_one_pixel_lines": (
        rectangle((20, 20), (5, 6), (3, 15)),
        rectangle((20, 20), (7, 8), (3, 15)),
        (0.616, 0.6629),
        (0, 0, 1.232, 1.232, 1.232, 0),
        "ok",
    ),
    "both_empty": (np.zeros((9, 9), bool), np.zeros((9, 9), bool), (1, 1), (nan,) * 6, "both_empty"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values_are_reproduced_to_one_millionth(name):
    prediction, label, spacing, expected, status = PUBLISHED[name]
    scores = score_pair(prediction, label, spacing)
    assert scores.status == status
    assert scores.unit == ("px" if spacing is None else "mm")
    np.testing.assert_allclose([scores.columns()[key] for key in SCORES], expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.616, 0.6629), (0.154, 0.308)])
def test_scores_equal_a_literal_reading_of_the_definitions(seed, spacing):
    prediction, label = random_pair(seed)
    scores = score_pair(prediction, label, spacing).columns()
    for key, value in oracle(prediction, label, np.array(spacing)).items():
        assert scores[key] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_those_of_monai_if_neither_mask_is_empty(seed):
    prediction, label = random_pair(seed)
    spacing = (0.55, 0.93)
    scores = score_pair(prediction, label, spacing).columns()
    pair = [torch.from_numpy(mask)[None, None] for mask in (prediction, label)]
    options = {"include_background": True, "spacing": spacing}
    monai = {
        "hd": compute_hausdorff_distance(*pair, **options),
        "hd95": compute_hausdorff_distance(*pair, percentile=95, **options),
        "asd": compute_average_surface_distance(*pair, symmetric=True, **options),
        "nsd@1": compute_surface_dice(*pair, [1.0], use_subvoxels=False, **options),
    }
    for key, value in monai.items():
        assert scores[key] == pytest.approx(value.item(), rel=2e-6)


def test_scores_are_invariant_only_if_masks_and_spacing_are_transposed_together():
    prediction, label = random_pair(3)
    scores = score_pair(prediction, label, (0.4, 0.9)).columns()
    transposed = score_pair(prediction.T, label.T, (0.9, 0.4)).columns()
    for key in SCORES:
        assert transposed[key] == pytest.approx(scores[key], abs=1e-12)
    assert score_pair(prediction, label, (0.9, 0.4)).asd != pytest.approx(scores["asd"], abs=1e-3)


def test_scaling_the_spacing_scales_the_distances_only():
    prediction, label = random_pair(1)
    scores, scaled = (score_pair(prediction, label, spacing).columns() for spacing in ((1, 2), (3, 6)))
    assert scaled["dice"] == scores["dice"]
    for key in ("hd", "hd95", "asd"):
        assert scaled[key] == pytest.approx(3 * scores[key])


def test_exchanging_prediction_and_label_changes_nothing():
    prediction, label = random_pair(2)
    scores, exchanged = score_pair(prediction, label).columns(), score_pair(label, prediction).columns()
    for key in SCORES:
        assert exchanged[key] == pytest.approx(scores[key], abs=1e-12)


def test_legacy_rows_reward_background_and_follow_the_depth_axis():
    prediction, label = hand_check()
    scores = score_pair(prediction, label, legacy=True)
    assert scores.legacy_row_dice == pytest.approx(0.9, abs=1e-6)  # (1 + 1 + 0.8 + 0.8) / 4
    columns = score_pair(prediction.T, label.T, legacy=True, depth_axis=1)
    assert columns.legacy_row_dice == pytest.approx(scores.legacy_row_dice)
    missed = score_pair(np.zeros_like(label), label, legacy=True)
    assert missed.dice == 0 and missed.legacy_row_dice == pytest.approx(0.5, abs=1e-4)
    assert score_pair(prediction, label).legacy_row_dice is None


def test_dice_and_iou_are_the_same_without_distances():
    for prediction, label in (random_pair(5), hand_check(), (np.zeros((4, 4)), np.ones((4, 4)))):
        scores = score_pair(prediction, label)
        overlap = score_pair(prediction, label, distances=False)
        assert (overlap.status, overlap.dice, overlap.iou) == (scores.status, scores.dice, scores.iou)
        assert list(overlap.columns()) == ["status", "unit", "dice", "iou"]


@pytest.fixture
def clip():
    """Return a 4-frame clip with cavity, myocardium, and atrium whose second frame is not annotated."""
    label = np.zeros((32, 40, 4), np.uint8)
    label[6:24, 8:30] = 2
    label[10:24, 12:26] = 1
    label[24:30, 12:26] = 3
    prediction = np.roll(label, (1, 2), axis=(0, 1))
    label[..., 1] = UNLABELED
    return prediction, label


def test_a_clip_is_scored_frame_by_frame_without_unlabeled_frames(clip):
    rows = score_clip(*clip, spacing=(0.5, 0.7))
    assert [(row.frame, row.structure) for row in rows[:5]] == [
        (0, "LV"),
        (0, "MYO"),
        (0, "LA"),
        (0, "LV_EPI"),
        (2, "LV"),
    ]
    assert len(rows) == 12 and all(row.scores.unit == "mm" for row in rows)
    expected = score_pair(clip[0][..., 2] == 1, clip[1][..., 2] == 1, (0.5, 0.7))
    assert rows[4].scores == expected
    epicardium = score_pair(np.isin(clip[0][..., 0], (1, 2)), np.isin(clip[1][..., 0], (1, 2)), (0.5, 0.7))
    assert rows[3].scores.asd == epicardium.asd


def test_a_frame_with_one_unlabeled_pixel_is_not_scored(clip):
    prediction, label = clip
    label[0, 0, 3] = UNLABELED
    assert {row.frame for row in score_clip(prediction, label)} == {0, 2}


def test_permuting_label_values_and_structures_together_changes_nothing(clip):
    prediction, label = clip
    permutation = np.arange(256)
    permutation[[1, 2, 3]] = 3, 1, 2
    rows = score_clip(prediction, label, structures={"LV": (1,), "EPI": (1, 2)})
    permuted = score_clip(permutation[prediction], permutation[label], structures={"LV": (3,), "EPI": (3, 1)})
    assert rows == permuted


def test_a_prediction_that_lags_by_one_frame_is_penalized():
    label = np.stack([rectangle((40, 40), (5, 15 + 5 * frame), (5, 20)) for frame in range(4)], -1).astype(int)
    lagging = np.concatenate([label[..., :1], label[..., :-1]], -1)
    rows = score_clip(lagging, label, structures={"LV": (1,)})
    assert [row.scores.hd for row in rows] == [0, 5, 5, 5]


def test_tensors_are_scored_like_arrays(clip):
    tensors = [torch.from_numpy(part).float() for part in clip]
    assert score_clip(*tensors) == score_clip(*clip)


@pytest.mark.parametrize(
    ("prediction", "label", "spacing", "match"),
    [
        (np.zeros((3, 4)), np.zeros((4, 3)), None, "same shape"),
        (np.zeros((1, 3, 4)), np.zeros((1, 3, 4)), None, "one binary frame"),
        (np.full((3, 4), 0.3), np.zeros((3, 4)), None, "threshold it first"),
        (np.zeros((3, 4)), np.zeros((3, 4)), (1.0, 0.0), "finite positive"),
        (np.zeros((3, 4)), np.zeros((3, 4)), (1.0,), "finite positive"),
        (np.zeros((3, 4)), np.zeros((3, 4)), (1.0, nan), "finite positive"),
    ],
)
def test_unusable_input_is_refused_with_advice(prediction, label, spacing, match):
    with pytest.raises(ValueError, match=match):
        score_pair(prediction, label, spacing)


def test_clips_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        score_clip(np.zeros((4, 4, 2)), np.zeros((4, 4, 3)))
