"""Anatomical checks, one defect at a time."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM, UNLABELED
from gdkvm_monai.metrics.anatomy import StructureShape, check_anatomy


@pytest.fixture
def heart():
    frame = np.zeros((60, 50), int)
    frame[5:40, 10:40] = MYOCARDIUM
    frame[10:40, 15:35] = LV
    frame[40:52, 15:35] = LEFT_ATRIUM
    return frame


def test_a_whole_heart_is_valid(heart):
    result = check_anatomy(heart)
    assert result.valid and result.la_touches_lv and result.la_contact and result.lv_leak == 0
    assert result.structures == dict.fromkeys(("LV", "MYO", "LA"), StructureShape(parts=1, holes=0, on_border=False))


def test_a_stray_component_is_counted(heart):
    heart[55:57, 2:4] = LV
    result = check_anatomy(heart)
    assert result.structures["LV"].parts == 2 and not result.valid


def test_parts_that_touch_at_a_corner_count_as_one():
    frame = np.zeros((10, 10), int)
    frame[2:5, 2:5] = frame[5:8, 5:8] = LV
    assert check_anatomy(frame).structures["LV"].parts == 1


def test_holes_are_counted_but_the_cavity_is_not_a_hole_in_the_myocardium(heart):
    heart[20:22, 20:22] = heart[30:32, 25:27] = 0
    heart[25, 12] = 0
    result = check_anatomy(heart)
    assert (result.structures["LV"].holes, result.structures["MYO"].holes) == (2, 3) and not result.valid


def test_a_cavity_that_leaks_through_its_wall_is_detected(heart):
    heart[15:35, 35:40] = 0
    result = check_anatomy(heart)
    assert result.lv_leak == pytest.approx(20 / 100) and not result.valid


def test_a_detached_atrium_is_invalid_but_an_absent_one_is_not(heart):
    heart[40:43] = 0
    floating = check_anatomy(heart)
    assert not floating.la_contact and not floating.la_touches_lv and not floating.valid
    cavity = np.where(heart == LV, LV, 0)
    result = check_anatomy(cavity)
    assert result.valid and np.isnan(result.lv_leak) and result.structures["LA"].parts == 0


def test_a_structure_cut_off_by_the_image_is_reported_but_still_valid(heart):
    result = check_anatomy(heart[:50])
    assert result.structures["LA"].on_border and result.valid


def test_an_empty_frame_is_not_valid_and_unusable_frames_are_refused(heart):
    assert not check_anatomy(np.zeros((9, 9))).valid
    with pytest.raises(ValueError, match="not annotated"):
        check_anatomy(np.full((9, 9), UNLABELED))
    with pytest.raises(ValueError, match=r"\(H, W\)"):
        check_anatomy(heart[None])


def test_an_atrium_above_the_cavity_is_told_from_one_below_it(heart):
    below = check_anatomy(heart.T)  # axis 1 is depth
    above = check_anatomy(heart.T[:, ::-1])
    assert below.la_below_lv and not above.la_below_lv and above.la_touches_lv
    assert not check_anatomy(np.where(heart.T == LV, LV, 0)).la_below_lv
