"""Masks that contradict themselves or anatomy are reported, above all at end-diastole and end-systole."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.anatomy import LEAK
from tests.study.quality.case import Case, check_threshold

ES = 12


@pytest.mark.parametrize(
    ("code", "verdict", "change", "message"),
    [
        ("no_ventricle", "check", lambda case: case.set_area(slice(20, 22), 0), "in 2 of 60"),
        ("no_ventricle", "reject", lambda case: case.set_area(slice(20, 27), 0), "in 7 of 60"),
        ("area_jump", "check", lambda case: case.set_area(slice(30, 31), 1900), "left ventricle jumps"),
        ("la_jump", "check", lambda case: case.set_area(slice(30, 31), la_px=1100), "left atrium jumps"),
        ("myo_jump", "check", lambda case: case.set_area(slice(30, 31), myo_px=1900), "myocardium jumps"),
        ("sector_edge", "check", lambda case: setattr(case, "edge_fraction", 0.3), "30% of the ventricle's outline"),
        ("holes", "check", lambda case: case.flag(slice(1, 8), "holes"), "flagged with holes (frame 1 and others, 12%"),
        ("anatomy", "check", lambda case: case.set_anatomy(slice(1, 8), lv_leak=0.3), "does not enclose"),
        ("anatomy", "check", lambda case: case.set_anatomy(slice(1, 8), la_touches_lv=False), "does not touch"),
        ("anatomy", "check", lambda case: case.set_anatomy(slice(1, 8), la_below_lv=False), "does not lie below"),
    ],
)
def test_each_problem_is_reported_with_its_reason(code, verdict, change, message):
    case = Case()
    change(case)
    quality = case.judged()
    (reason,) = [reason for reason in quality.reasons if reason.code == code]
    assert reason.verdict == verdict and message in reason.message
    assert quality.verdict in (verdict, "reject")


def test_an_atrium_that_doubles_from_one_frame_to_the_next_is_reported():
    case = Case()
    case.set_area(slice(None), la_px=450)
    case.set_area(slice(30, None), la_px=1050)
    assert case.verdict_of("la_jump") == "check"


@pytest.mark.parametrize("code", ["parts", "holes", "border", "atrium", "no_base"])
def test_a_few_flagged_frames_are_reported_only_at_end_diastole_or_end_systole(code):
    between, at_es = Case(), Case()
    between.flag(slice(3, 4), code)
    at_es.flag(slice(ES, ES + 1), code)
    assert between.judged().verdict == "good" and at_es.judged().codes == (code,)
    assert f"(end-systole, frame {ES})" in at_es.judged().reasons[0].message


@pytest.mark.parametrize(
    ("frames", "codes"),
    [
        (slice(24, 27), ("parts",)),  # around the end-diastole at 25
        (slice(11, 14), ("parts",)),  # around the end-systole at 12
        (slice(13, 14), ("parts",)),
        (slice(5, 7), ()),
    ],
)
def test_frames_that_are_too_broken_to_be_a_phase_are_reported_beside_one(frames, codes):
    case = Case()
    case.flag(frames, "parts")
    case.measure(frames, volume=np.nan)
    quality = case.judged()
    assert quality.codes == codes
    assert all("beside end-" in reason.message for reason in quality.reasons)


@pytest.mark.parametrize("fault", [{"lv_leak": 0.3}, {"la_touches_lv": False}, {"la_below_lv": False}])
def test_wrong_anatomy_in_a_few_frames_is_reported_only_at_end_diastole_or_end_systole(fault):
    between, at_es = Case(), Case()
    between.set_anatomy(slice(3, 4), **fault)
    at_es.set_anatomy(slice(ES, ES + 1), **fault)
    assert between.judged().verdict == "good" and at_es.judged().codes == ("anatomy",)


def test_a_cavity_without_myocardium_is_open_only_if_other_frames_show_myocardium():
    missing, never = Case(), Case()
    missing.set_anatomy(slice(ES, ES + 1), lv_leak=np.nan)
    never.set_anatomy(slice(None), lv_leak=np.nan)
    never.set_area(slice(None), myo_px=0)
    assert missing.verdict_of("anatomy") == "check" and never.verdict_of("anatomy") == "good"


def test_the_atrium_is_missed_only_if_other_frames_show_one():
    case = Case()
    case.set_anatomy(slice(None), la_touches_lv=False, la_below_lv=False)
    case.set_area(slice(None), la_px=0)
    assert case.verdict_of("anatomy") == "good"


@pytest.mark.parametrize(
    ("code", "change", "inside", "outside"),
    [
        ("area_jump", lambda case, px: jump(case, lv_px=px), 1176, 1177),  # by 14.97% and 15.04% of the area
        ("myo_jump", lambda case, px: jump(case, myo_px=px), 1124, 1126),  # by 19.9% and 20.1%
        ("la_jump", lambda case, px: jump(case, la_px=px), 666, 668),  # by 24.9% and 25.1%
        ("sector_edge", lambda case, share: setattr(case, "edge_fraction", share), 0.1, 0.101),
        ("holes", lambda case, count: case.flag(slice(1, 1 + count), "holes"), 6, 7),  # of 60 frames
        ("parts", lambda case, start: case.flag(slice(start, start + 2), "parts"), 3, 2),  # frames after end-diastole
        ("anatomy", lambda case, count: case.set_anatomy(slice(1, 1 + count), lv_leak=1.0), 6, 7),
        ("anatomy", lambda case, leak: case.set_anatomy(slice(None), lv_leak=leak), LEAK, LEAK + 0.001),
        ("no_ventricle", lambda case, px: case.set_area(slice(20, 21), px), 1, 0),
    ],
)
def test_a_threshold_separates_a_value_just_inside_from_one_just_outside(code, change, inside, outside):
    check_threshold(code, change, inside, outside)


def jump(case: Case, **areas) -> None:
    case.set_area(slice(None))
    case.set_area(slice(30, 31), **areas)


@pytest.mark.parametrize(("count", "verdict"), [(6, "check"), (7, "reject")])
def test_a_ventricle_missing_in_many_frames_is_rejected(count, verdict):
    case = Case()
    case.set_area(slice(20, 20 + count), 0)
    assert case.verdict_of("no_ventricle") == verdict
