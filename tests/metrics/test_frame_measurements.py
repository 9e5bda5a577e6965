"""Measurements of one segmented frame."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.frame_measurements import dice, measure_frame


def heart() -> np.ndarray:
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 10:40] = 2
    mask[14:26, 14:40] = 1
    mask[12:28, 40:52] = 3
    return mask


def test_areas_follow_the_spacing():
    plain, scaled = measure_frame(heart()), measure_frame(heart(), (0.5, 0.2))
    assert (
        (plain.areas_px["LV"], plain.areas_px["LA"])
        == (12 * 26, 16 * 12)
        == (scaled.areas_px["LV"], scaled.areas_px["LA"])
    )
    assert scaled.areas_cm2["LV"] == pytest.approx(12 * 26 * 0.1 / 100)
    assert np.isnan(plain.areas_cm2["MYO"])


def test_volume_scales_with_the_cube_of_the_pixel_spacing():
    small, large = (measure_frame(heart(), (side, side)).volume for side in (0.2, 0.4))
    assert large == pytest.approx(8 * small)
    assert np.isnan(measure_frame(np.zeros((20, 20), np.uint8)).volume)


def test_parts_and_holes_are_counted():
    mask = heart()
    mask[0:3, 0:3], mask[20, 20] = 1, 0
    measured = measure_frame(mask)
    shapes = measured.anatomy.structures
    assert (shapes["LV"].parts, shapes["LV"].holes, shapes["LA"].parts) == (2, 1, 1)


def test_the_area_of_a_chamber_is_that_of_the_measured_pixels_and_what_looks_wrong_is_flagged():
    mask = heart()
    whole = measure_frame(mask)
    mask[0:3, 0:3], mask[36:38, 0:3], mask[20, 20] = 1, 3, 0
    damaged = measure_frame(mask)
    assert damaged.areas_px == whole.areas_px and damaged.volume == whole.volume and damaged.length == whole.length
    assert whole.flags == () and [flag.code for flag in damaged.flags] == ["parts", "holes"]
    assert damaged.base_rule == whole.base_rule == "atrium"


def test_a_ventricle_in_pieces_has_an_area_and_a_flag_but_no_volume():
    mask = heart()
    mask[14:26, 22:28] = 0
    measured = measure_frame(mask)
    assert measured.areas_px["LV"] == 12 * 12 and "40 % of its pixels are left out" in dict(measured.flags)["parts"]
    assert np.isnan([measured.volume, measured.length]).all() and measured.chambers is None


def test_dice_counts_one_class():
    one, other = np.array([[1, 1, 2]]), np.array([[1, 3, 2]])
    assert dice(one, other) == pytest.approx(2 / 3)
    assert dice(one, other, value=2) == 1
    assert dice(one, other, value=3) == 0 and np.isnan(dice(one, one, value=0))
