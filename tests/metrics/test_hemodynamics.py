"""Cardiac output and body surface area against their equations and a published nomogram."""

from __future__ import annotations

import pytest

from gdkvm_monai.metrics.hemodynamics import body_surface_area_m2, cardiac_output_l_min


def test_the_cardiac_output_is_stroke_volume_times_heart_rate_in_liters():
    assert cardiac_output_l_min(80, 75) == 6 and cardiac_output_l_min(0, 75) == 0
    assert cardiac_output_l_min(-10, 60) == -0.6, "a negative stroke volume is not hidden"


@pytest.mark.parametrize(("height_m", "weight_kg", "area_m2"), [(1.75, 70, 1.85), (1.60, 50, 1.50), (1.90, 100, 2.28)])
def test_the_body_surface_area_is_that_of_du_bois(height_m, weight_kg, area_m2):
    assert body_surface_area_m2(height_m, weight_kg) == pytest.approx(area_m2, abs=0.006)


@pytest.mark.parametrize("values", [(0, 70), (1.7, 0), (-1.7, 70), (float("nan"), 70)])
def test_a_height_or_weight_that_is_not_positive_is_refused_without_being_quoted(values):
    with pytest.raises(ValueError, match="must be above 0") as error:
        body_surface_area_m2(*values)
    assert "70" not in str(error.value)
