"""The records of sizes and motion refuse what cannot be a size."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from pydantic import ValidationError

from gdkvm_monai.study.dimensions import Patient
from tests.study.records import BEAT_DIMENSIONS, DIMENSIONS


@pytest.mark.parametrize("value", [-1.0, math.nan])
def test_a_length_is_a_number_from_zero_on(value):
    with pytest.raises(ValidationError, match="length_mm"):
        replace(BEAT_DIMENSIONS.ed, length_mm=value)


def test_motion_and_strain_may_be_negative():
    backward = replace(BEAT_DIMENSIONS, mitral_displacement_mm=-2.0, longitudinal_strain_percent=3.0)
    assert (backward.mitral_displacement_mm, backward.longitudinal_strain_percent) == (-2, 3)


@pytest.mark.parametrize(("sex", "area_m2"), [("O", 1.8), ("F", 0.0)])
def test_a_patient_has_a_sex_with_reference_ranges_and_a_surface(sex, area_m2):
    with pytest.raises(ValidationError):
        Patient(sex, area_m2)


def test_the_rate_of_the_cardiac_output_is_that_of_the_clip_or_of_the_header():
    with pytest.raises(ValidationError, match="cardiac_output_rate"):
        replace(DIMENSIONS, cardiac_output_rate="monitor")
