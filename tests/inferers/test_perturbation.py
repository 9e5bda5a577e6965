"""A perturbation changes contrast and place, and is undone in the mask."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.inferers.perturbation import PERTURBATIONS, Perturbation


@pytest.fixture()
def frame() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (50, 40), dtype=np.uint8)


def test_the_identity_perturbation_changes_nothing(frame):
    same = Perturbation(1, 0)
    np.testing.assert_allclose(same.apply(frame), frame, rtol=1e-6)
    np.testing.assert_array_equal(same.undo(frame), frame)


def test_contrast_follows_the_power_law_and_keeps_black_and_white():
    levels = np.array([[0.0, 51, 255]])
    np.testing.assert_allclose(Perturbation(2, 0).apply(levels), [[0, 255 * 0.04, 255]], rtol=1e-5)
    brighter, darker = (Perturbation(gamma, 0).apply(levels)[0, 1] for gamma in (0.8, 1.25))
    assert darker < 51 < brighter


def test_both_axes_shift_by_a_share_of_the_image_and_the_border_is_black(frame):
    moved = Perturbation(1, 0.1).apply(frame)
    np.testing.assert_allclose(moved[5:, 4:], frame[:-5, :-4], rtol=1e-6)
    assert not moved[:5].any() and not moved[:, :4].any()
    back = Perturbation(1, -0.1).apply(frame)
    np.testing.assert_allclose(back[:-5, :-4], frame[5:, 4:], rtol=1e-6)


@pytest.mark.parametrize("change", PERTURBATIONS, ids=str)
def test_undoing_a_perturbation_restores_the_mask(change):
    mask = np.zeros((90, 70), np.uint8)
    mask[20:50, 30:45], mask[50:60, 30:45] = 1, 3
    moved = Perturbation(1, change.shift).apply(mask)
    assert (moved != mask).any()
    np.testing.assert_array_equal(change.undo(np.rint(moved).astype(np.uint8)), mask)
    assert change.undo(mask).dtype == np.uint8 and set(np.unique(change.undo(mask))) <= {0, 1, 3}


def test_the_copies_shift_in_opposite_directions_and_both_change_the_contrast():
    first, second = PERTURBATIONS
    assert first.shift == -second.shift != 0 and first.gamma < 1 < second.gamma
    assert str(first) == "gamma 0.8, shifted by +2%"


def test_values_outside_gray_levels_are_clipped_and_tiny_pictures_stay():
    assert Perturbation(1, 0).apply(np.array([[-5.0, 300.0]])).tolist() == [[0, 255]]
    for change in PERTURBATIONS:
        assert change.apply(np.full((1, 1), 255)).tolist() == [[255]]
