"""Distances between the surfaces of two masks."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.surface import surface_distances


def square(start: int, side: int) -> np.ndarray:
    mask = np.zeros((30, 30), bool)
    mask[10 : 10 + side, start : start + side] = True
    return mask


def test_equal_masks_have_distance_zero_and_inner_pixels_are_not_surface():
    forth, back = surface_distances(square(5, 4), square(5, 4), (1, 1))
    assert len(forth) == len(back) == 12 and not forth.any() and not back.any()


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 0.25)])
def test_a_shifted_pixel_has_the_distance_of_the_shift_times_the_spacing(spacing):
    forth, back = surface_distances(square(5, 1), square(9, 1), spacing)
    assert forth.tolist() == back.tolist() == [4 * spacing[1]]


def test_each_direction_contains_the_points_of_its_own_surface():
    forth, back = surface_distances(square(5, 2), square(5, 6), (1, 1))
    assert (len(forth), len(back)) == (4, 20) and forth.max() < back.max()
