"""A clip unlike those in training is never good: another domain, another view, or other intensities."""

from __future__ import annotations

import pytest

from gdkvm_monai.study.measurements import TrainingData
from gdkvm_monai.study.quality import training_data
from tests.study.quality.case import WEIGHTS, Case, check_threshold


@pytest.mark.parametrize(
    ("domain", "patient", "phantom"),
    [
        ("phantom", "check", "good"),
        ("unknown", "check", "check"),
        ("CAMUS", "good", "check"),
        ("phantom and CAMUS", "good", "good"),
    ],
)
def test_only_weights_that_have_seen_patients_are_good_for_a_patient_and_only_others_for_a_phantom(
    domain, patient, phantom
):
    for is_phantom, verdict in ((False, patient), (True, phantom)):
        case = Case()
        case.set_weights(domain=domain)
        case.set_clip(phantom=is_phantom)
        assert case.judged().verdict == verdict
        assert case.judged().codes == (() if verdict == "good" else ("weights_domain",))


def test_the_message_names_the_training_data():
    case = Case()
    case.set_weights(domain="phantom")
    assert case.judged().about_weights == ("the weights were trained on phantoms only and have never seen a patient.",)


def test_a_stated_view_that_was_not_in_training_is_reported():
    case = Case()
    case.set_clip(view="2CH")
    (reason,) = case.judged().reasons
    assert (reason.code, reason.verdict) == ("weights_view", "check")
    assert "is apical two-chamber; the weights were trained on apical four-chamber clips" in reason.message
    assert case.judged().about_weights == (reason.message,)


@pytest.mark.parametrize(("view", "trained"), [("2CH", ("2CH", "4CH")), ("2CH", ()), (None, ("4CH",))])
def test_a_view_from_training_or_an_unknown_view_is_not_reported(view, trained):
    case = Case()
    case.set_weights(views=trained)
    case.set_clip(view=view)
    assert case.judged().verdict == "good"


def test_a_view_that_is_not_stated_is_named_as_assumed():
    assert training_data(WEIGHTS, None) == TrainingData("CAMUS", ("4CH",), assumed_views=("4CH",))
    assert training_data(WEIGHTS, "4CH") == TrainingData("CAMUS", ("4CH",), assumed_views=())


@pytest.mark.parametrize(
    ("values", "message"),
    [({"intensity_mean": 0.6}, "brightness is 0.60"), ({"intensity_sd": 0.01}, "contrast is 0.01")],
)
def test_intensities_outside_the_range_in_training_are_reported(values, message):
    case = Case()
    case.change(**values)
    (reason,) = case.judged().reasons
    assert (reason.code, reason.verdict) == ("intensity", "check") and message in reason.message


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [("intensity_mean", 0.101, 0.099), ("intensity_mean", 0.399, 0.401)]
    + [("intensity_sd", 0.101, 0.099), ("intensity_sd", 0.299, 0.301)],
)
def test_a_threshold_separates_a_value_just_inside_from_one_just_outside(name, inside, outside):
    check_threshold("intensity", lambda case, value: case.change(**{name: value}), inside, outside)


def test_without_a_known_range_intensities_are_not_checked():
    case = Case()
    case.set_weights(intensity_mean=None, intensity_sd=None)
    case.change(intensity_mean=0.99)
    assert case.judged().verdict == "good"


def test_intensities_of_blank_frames_do_not_count():
    case = Case()
    case.change(slice(5), intensity_mean=50.0, valid=False)
    assert "intensity" not in case.judged().codes


@pytest.mark.parametrize(("share", "found"), [(0.24, True), (0.26, False)])
def test_a_frame_with_next_to_no_contrast_is_reported(share, found):
    case = Case()
    typical = case.frames[0].intensity_sd
    case.change(slice(3, 5), intensity_sd=share * typical)
    reasons = [reason for reason in case.judged().reasons if "next to nothing" in reason.message]
    assert len(reasons) == found and all("(frame 3 and others)" in reason.message for reason in reasons)


def test_blank_frames_are_not_faint():
    case = Case()
    case.change(slice(3, 5), intensity_sd=0.0, valid=False)
    assert "intensity" not in case.judged().codes
