"""The verdict is the worst of the reasons, and a clip without any is good."""

from __future__ import annotations

import pytest

from gdkvm_monai import segment
from gdkvm_monai.study.measurements import Quality
from gdkvm_monai.study.quality.verdict import CHECKS
from tests.study.quality.case import Case, check_threshold


def test_a_good_clip_is_good():
    assert Case().judged() == Quality("good", ())


def test_every_check_runs_once():
    assert len(CHECKS) == len(set(CHECKS))


def test_the_verdict_is_the_worst_of_all_reasons():
    case = Case()
    case.set_clip(partial=True, mode="M-mode")
    quality = case.judged()
    assert quality.verdict == "reject" and quality.codes == ("mode", "partial")
    assert [reason.verdict for reason in quality.reasons] == ["reject", "check"]


def test_a_threshold_of_the_confidence_separates_a_value_just_inside_from_one_just_outside():
    check_threshold("confidence", lambda case, mean: case.change(confidence=mean), 0.969, 0.967)


@pytest.mark.parametrize(("mean", "verdict"), [(0.9, "check"), (0.601, "check"), (0.599, "reject")])
def test_low_confidence_is_to_be_checked_and_very_low_confidence_is_rejected(mean, verdict):
    case = Case()
    case.change(confidence=mean)
    (reason,) = case.judged().reasons
    assert (reason.code, reason.verdict) == ("confidence", verdict) and f"mean Dice {mean:.3f}" in reason.message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dicom_us/pylibjpeg_JPEGLosslessP14SV1_3s_2f_u_08_08.dcm", "field_depth"),  # an artery, 15 mm deep
        ("clips/not_cardiac_27_frames.dcm", "field_depth"),  # 47 mm deep; the network draws a ventricle
    ],
)
def test_a_real_clip_that_shows_no_heart_is_rejected(real_data, name, code):
    path = real_data / name
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    quality = segment(path, device="cpu", fast=True, view="4CH", fps=25).measurements.quality
    assert quality.verdict == "reject" and code in quality.codes
