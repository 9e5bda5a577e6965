"""A clip with a problem of its own is reported: timing, spacing, mode, missing frames, or a wrong field of view."""

from __future__ import annotations

import pytest

from tests.study.quality.case import FRAMES, Case, check_threshold


@pytest.mark.parametrize(
    ("code", "verdict", "facts", "message"),
    [
        ("frame_rate", "check", {"frame_rate_hz": 15.0}, "is 15 Hz, below 20 Hz"),
        ("frame_rate", "check", {"frame_rate_hz": None}, "the frame rate is unknown"),
        (
            "frame_rate",
            "check",
            {"frame_rate_hz": None, "frame_time_source": "NIfTI"},
            "in the file (NIfTI) is not that",
        ),
        (
            "frame_rate",
            "check",
            {"frame_rate_hz": None, "unusable_times": "FrameTimeVector"},
            "is unknown: FrameTimeVector in the header cannot be used",
        ),
        (
            "frame_times",
            "check",
            {"unusable_times": "FrameTimeVector", "frame_time_source": "CineRate"},
            "FrameTimeVector in the header cannot be used; the times are those of CineRate",
        ),
        ("spacing", "check", {"spacing_trust": "conflict"}, "the pixel spacing is in conflict"),
        ("spacing", "check", {"spacing_trust": "scaled"}, "the pixel spacing is scaled"),
        ("mode", "check", {"mode": "color Doppler"}, "shows color Doppler"),
        ("mode", "reject", {"mode": "M-mode"}, "shows M-mode"),
        ("secondary_capture", "check", {"secondary_capture": True}, "is a secondary capture"),
        (
            "tissue_regions",
            "check",
            {"tissue_regions": 2, "tissue_region": 1},
            "has 2 tissue regions side by side; number 1",
        ),
        ("partial", "check", {"partial": True}, "frames at the end of the file are missing"),
        ("invalid_frames", "check", {"valid_frames": FRAMES - 2}, "2 of 60 frames show nothing"),
        ("invalid_frames", "reject", {"valid_frames": 0}, "60 of 60 frames show nothing"),
        ("field_depth", "reject", {"spacing_mm": (0.3, 15 / 48)}, "the image is 15 mm deep"),
        ("field_depth", "check", {"spacing_mm": (0.3, 75 / 48)}, "the image is 75 mm deep"),
    ],
)
def test_each_problem_is_reported_with_its_reason(code, verdict, facts, message):
    case = Case()
    case.set_clip(**facts)
    quality = case.judged()
    (reason,) = [reason for reason in quality.reasons if reason.code == code]
    assert reason.verdict == quality.verdict == verdict and message in reason.message


def test_a_threshold_separates_a_value_just_inside_from_one_just_outside():
    check_threshold("frame_rate", lambda case, rate: case.set_clip(frame_rate_hz=rate), 20.0, 19.9)
    check_threshold("invalid_frames", lambda case, count: case.set_clip(valid_frames=count), FRAMES, FRAMES - 1)
    check_threshold("field_depth", lambda case, mm: case.set_clip(spacing_mm=(0.3, mm / 48)), 80.1, 79.9)
    check_threshold("field_depth", lambda case, mm: case.set_clip(spacing_mm=(0.3, mm / 48)), 309.9, 310.1)


@pytest.mark.parametrize(("mm", "verdict"), [(50.1, "check"), (49.9, "reject"), (349.9, "check"), (350.1, "reject")])
def test_a_field_of_view_that_no_heart_fits_is_rejected(mm, verdict):
    case = Case()
    case.set_clip(spacing_mm=(0.3, mm / 48))
    assert case.verdict_of("field_depth") == verdict


def test_a_tissue_region_that_the_user_chose_is_no_reason_nor_is_the_whole_picture():
    for chosen, number in ((True, 2), (False, 0)):
        case = Case()
        case.set_clip(tissue_regions=2, tissue_region=number, tissue_region_chosen=chosen)
        assert case.verdict_of("tissue_regions") == "good"


def test_without_a_trusted_spacing_the_depth_is_not_judged():
    case = Case()
    case.set_clip(spacing_trust="absent", spacing_mm=None)
    assert case.verdict_of("field_depth") == "good"


@pytest.mark.parametrize(("rate_hz", "inside"), [(50.0, 10), (200.0, 40), (5.0, 2), (None, 10)])
def test_a_picture_that_stands_still_is_reported_after_a_fifth_of_a_second(rate_hz, inside):
    for frames, found in ((inside, False), (inside + 1, True)):
        case = Case()
        case.set_clip(frame_rate_hz=rate_hz)
        case.change(slice(7, 7 + frames), intensity_mean=0.2, intensity_sd=0.2)
        messages = [reason.message for reason in case.judged().reasons if reason.code == "frozen"]
        assert messages == [f"the picture stands still for {frames} frames, from frame 7 on."] * found


def test_frames_that_show_nothing_are_not_a_picture_that_stands_still():
    case = Case()
    case.change(slice(7, 37), intensity_mean=0.0, intensity_sd=0.0, valid=False)
    assert "frozen" not in case.judged().codes
