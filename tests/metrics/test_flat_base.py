"""The flat end of a ventricle: its ends, side walls that look like one, and outlines that leave it open."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.draw import polygon2mask

from gdkvm_monai.metrics.base import Outline
from gdkvm_monai.metrics.flat_base import WIDE, flat_base
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.volume import disk_volume_ml
from tests.metrics.ventricles import truncated_volume_ml, ventricle

STEP = (0.5, 0.5)


def outline(corners):
    return Outline(polygon2mask((100, 100), np.array(corners)), (1.0, 1.0))


def uneven(mask, wobble_mm, seed):
    """Return a mask whose outline is moved by a smooth random distance of that standard deviation."""
    inside, outside = distance_transform_edt(mask, STEP), distance_transform_edt(~mask, STEP)
    field = gaussian_filter(np.random.default_rng(seed).standard_normal(mask.shape), 12)
    return inside - outside + wobble_mm * field / field.std() > 0


def test_the_flat_end_of_a_cut_ellipse_has_the_ends_of_the_cut():
    ends = flat_base(Outline(ventricle(50, 25, STEP, cut=25) == 1, STEP))
    np.testing.assert_allclose(ends.mean(axis=0), (85, 50), atol=1)
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(2 * 25 * np.sqrt(0.75), abs=1)


def test_the_straight_side_wall_of_a_long_ventricle_is_not_its_base():
    ends = flat_base(outline([(10, 50), (30, 40), (80, 38), (80, 62), (30, 60)]))
    np.testing.assert_allclose(ends.mean(axis=0), (80, 50), atol=1.5)


def test_an_outline_without_a_straight_end_has_no_flat_base():
    for width in (20, 30, 40):
        assert flat_base(Outline(ventricle(30, width, STEP, cut=None) == 1, STEP)) is None


@pytest.mark.parametrize("half_width", [36, 40])
def test_the_side_wall_of_a_wide_ventricle_with_an_uneven_outline_is_never_taken_for_its_base_in_silence(half_width):
    smooth = ventricle(40, half_width, STEP, cut=20) == 1
    errors = []
    for seed in range(12):
        mask = uneven(smooth, 1.0, seed)
        axis = measure_long_axis(mask, STEP)
        true_ml = truncated_volume_ml(40, half_width, half_width, 20) * (mask.sum() / smooth.sum()) ** 1.5
        if not axis.flags:
            errors.append(disk_volume_ml(axis.diameters, axis.length) / true_ml - 1)
    assert len(errors) >= 8 and np.abs(errors).max() < 0.05


def test_a_wide_ventricle_whose_corners_are_equally_sharp_has_no_flat_base():
    square = outline([(20, 20), (20, 80), (75, 80), (75, 20)])
    assert square.axis_ratio > WIDE and flat_base(square) is None


def test_the_axis_ratio_is_that_of_the_sides_of_a_rectangle():
    assert outline([(20, 20), (20, 80), (50, 80), (50, 20)]).axis_ratio == pytest.approx(0.5, abs=0.01)
