"""Overlays: upright, in true proportions, with contours on the borders of the masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gdkvm_monai.labels import BACKGROUND, COLORS, LEFT_ATRIUM, LV, MYOCARDIUM, UNLABELED
from gdkvm_monai.visualize.overlay import overlay_clip

WHITE = (255, 255, 255)


def colored(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Return where a picture ``(rows, columns, 3)`` has exactly a color."""
    return (picture == np.array(color)).all(axis=-1)


def box(rows: slice, columns: slice, value: int = LV, frames: int = 1) -> np.ndarray:
    """Return a mask, 40 lateral by 60 depth pixels, with a box given in rows and columns of the upright picture."""
    mask = np.zeros((40, 60, frames), dtype=np.uint8)
    mask[columns, rows] = value
    return mask


@pytest.fixture
def gray() -> np.ndarray:
    return np.full((40, 60, 1), 100, dtype=np.uint8)


def test_axis_0_runs_right_and_axis_1_runs_down(gray):
    image = np.zeros_like(gray)
    image[30:, :10] = 250  # right, and near the probe
    (picture,) = overlay_clip(image, np.zeros_like(image), height=60)
    assert picture.shape == (60, 40, 3) and picture.dtype == np.uint8
    bright = picture[..., 0] > 125
    assert bright[:10, 30:].all() and not bright[11:].any() and not bright[:, :29].any()


def test_masks_are_drawn_at_their_positions_in_the_picture(gray):
    (picture,) = overlay_clip(gray, box(slice(5, 25), slice(10, 20)), height=60)
    touched = (picture != 100).any(axis=-1)
    expected = np.zeros((60, 40), bool)
    expected[5:25, 10:20] = True
    np.testing.assert_array_equal(touched, expected)


@pytest.mark.parametrize(
    ("spacing_mm", "width"), [((1, 1), 80), ((0.308, 0.154), 160), ((0.154, 0.308), 40), ((0.3, 0.3), 80)]
)  # fmt: skip
def test_the_picture_has_the_proportions_in_millimeters(gray, spacing_mm, width):
    assert overlay_clip(gray, np.zeros_like(gray), spacing_mm=spacing_mm, height=120).shape == (1, 120, width, 3)


def test_a_circle_in_millimeters_is_a_circle_on_the_screen():
    x, y = np.meshgrid(0.3 * np.arange(100), 0.15 * np.arange(200), indexing="ij")
    mask = ((np.hypot(x - 15, y - 15) < 10)[..., None] * LV).astype(np.uint8)
    (picture,) = overlay_clip(np.zeros_like(mask), mask, spacing_mm=(0.3, 0.15), height=300)
    rows, columns = np.nonzero(picture.any(axis=-1))
    assert np.ptp(rows) == pytest.approx(200, abs=4) and np.ptp(columns) == pytest.approx(200, abs=4)


@pytest.mark.parametrize("value", [LV, MYOCARDIUM, LEFT_ATRIUM])
def test_the_contour_covers_only_the_border_and_the_inside_is_tinted(gray, value):
    (picture,) = overlay_clip(gray, box(slice(20, 40), slice(10, 30), value), height=60, opacity=0.3)
    contour, expected = colored(picture, COLORS[value]), np.zeros((60, 40), bool)
    expected[20:40, 10:30] = True
    expected[21:39, 11:29] = False
    np.testing.assert_array_equal(contour, expected)
    tint = 0.7 * 100 + 0.3 * np.array(COLORS[value])
    assert (np.abs(picture[21:39, 11:29] - tint) <= 1).all()


def test_zero_opacity_draws_only_the_contour(gray):
    (picture,) = overlay_clip(gray, box(slice(20, 40), slice(10, 30)), height=60, opacity=0.0)
    assert (picture[21:39, 11:29] == 100).all() and colored(picture, COLORS[LV]).sum() == 4 * 19


def test_the_reference_is_a_white_contour_and_nothing_else(gray):
    reference = box(slice(5, 15), slice(5, 15))
    (picture,) = overlay_clip(gray, np.zeros_like(gray), reference, height=60)
    expected = np.zeros((60, 40), bool)
    expected[5:15, 5:15] = True
    expected[6:14, 6:14] = False
    np.testing.assert_array_equal(colored(picture, WHITE), expected)
    assert (picture[~expected] == 100).all()


def test_unlabeled_reference_frames_are_not_drawn():
    image, mask = np.full((40, 60, 3), 100, np.uint8), box(slice(20, 40), slice(10, 30), frames=3)
    reference = mask.copy()
    reference[..., 1] = UNLABELED
    with_reference, without = overlay_clip(image, mask, reference, height=60), overlay_clip(image, mask, height=60)
    np.testing.assert_array_equal(with_reference[1], without[1])
    assert [bool(colored(picture, WHITE).any()) for picture in with_reference] == [True, False, True]


def test_background_and_unlabeled_predictions_leave_the_picture_unchanged(gray):
    for value in (BACKGROUND, UNLABELED):
        (picture,) = overlay_clip(gray, np.full_like(gray, value), height=60)
        assert (picture == 100).all()


def test_every_frame_gets_its_own_mask():
    mask = np.concatenate([box(slice(10 * t, 10 * t + 10), slice(5, 15)) for t in range(4)], axis=-1)
    pictures = overlay_clip(np.zeros_like(mask), mask, height=60)
    tops = [np.nonzero(picture.any(axis=(1, 2)))[0][0] for picture in pictures]
    assert tops == [0, 10, 20, 30]


def test_tensors_are_drawn_like_arrays_and_pixels_beyond_the_range_are_clipped(gray):
    mask = box(slice(20, 40), slice(10, 30))
    np.testing.assert_array_equal(
        overlay_clip(torch.as_tensor(gray), torch.as_tensor(mask)), overlay_clip(gray, mask)
    )  # fmt: skip
    bright = overlay_clip(np.full((40, 60, 1), 300.0), np.zeros((40, 60, 1)), height=60)
    assert (bright == 255).all()


@pytest.mark.parametrize(
    ("image", "mask", "reference"),
    [((40, 60), (40, 60), None), ((40, 60, 2), (40, 60, 3), None), ((40, 60, 2), (60, 40, 2), None),
     ((40, 60, 2), (40, 60, 2), (40, 60, 1))],
)  # fmt: skip
def test_different_shapes_are_refused(image, mask, reference):
    with pytest.raises(ValueError, match=r"must have one shape \(H, W, T\)"):
        overlay_clip(np.zeros(image), np.zeros(mask), None if reference is None else np.zeros(reference))
