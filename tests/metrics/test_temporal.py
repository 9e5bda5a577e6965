"""Second differences of area and center, and Dice of neighboring frames."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.metrics.temporal import measure_temporal_consistency, second_differences


def moving_square(positions, side=10):
    clip = np.zeros((40, 60, len(positions)), int)
    for frame, position in enumerate(positions):
        clip[10 : 10 + side, position : position + side, frame] = 1
    return clip


def test_second_differences_are_zero_on_a_line_and_the_height_of_a_spike():
    np.testing.assert_allclose(second_differences(np.arange(6.0) * 3)[1:-1], 0, atol=1e-12)
    spike = second_differences([1, 1, 5, 1, 1])
    np.testing.assert_array_equal(spike, [np.nan, -2, 4, -2, np.nan])
    assert np.isnan(second_differences([1.0, np.nan, 2.0, 3.0])[2])


def test_uniform_motion_has_no_jump_and_a_jump_is_in_millimeters():
    steady = measure_temporal_consistency(moving_square([5, 7, 9, 11, 13]), (0.5, 0.8))
    assert steady.summary().center_jump_worst == pytest.approx(0, abs=1e-12) and steady.summary().area_jump_worst == 0
    assert steady.summary().next_dice_mean == pytest.approx(0.8) and steady.unit == "mm"
    jump = measure_temporal_consistency(moving_square([5, 7, 15, 11, 13]), (0.5, 0.8))
    assert jump.center_jump[2] == pytest.approx(6 * 0.8)
    assert jump.summary().center_jump_worst == jump.center_jump[2]
    assert jump.summary().next_dice_worst == pytest.approx(0.2)


def test_area_flicker_is_relative_to_the_largest_area():
    clip = moving_square([5] * 5)
    clip[10:20, 10:15, 2] = 0  # one frame loses half of the area
    result = measure_temporal_consistency(clip)
    assert result.area_jump[2] == pytest.approx(0.5) and result.area[0] == 100 and result.unit == "px"


def test_frames_without_annotation_or_structure_are_not_compared():
    clip = moving_square([5, 6, 7, 8, 9, 10])
    clip[..., 2] = UNLABELED
    clip[..., 5] = 0
    result = measure_temporal_consistency(clip)
    assert np.isfinite(result.next_dice).tolist() == [True, False, False, True, False, False]
    assert np.isnan(result.summary().area_jump_mean) and np.isnan(result.center_jump).all()
    assert np.isnan(result.area[[2, 5]]).all()


def test_undefined_jumps_are_nan_and_a_single_frame_is_refused():
    result = measure_temporal_consistency(moving_square([5, 6]))
    assert np.isnan(result.summary().center_jump_worst) and result.summary().next_dice_mean == pytest.approx(0.9)
    empty = measure_temporal_consistency(np.zeros((4, 4, 3)))
    assert np.isnan(empty.summary().area_jump_worst) and np.isnan(empty.summary().next_dice_worst)
    with pytest.raises(ValueError, match=r"\(H, W, T\)"):
        measure_temporal_consistency(np.zeros((4, 4)))
