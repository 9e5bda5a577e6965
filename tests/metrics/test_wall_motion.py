"""Motion of the wall between two cut ellipses whose sizes and positions are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ellipeinc

from gdkvm_monai.labels import LEFT_ATRIUM, LV
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.wall_motion import (
    fractional_area_change,
    longitudinal_strain,
    mitral_displacement,
    wall_length,
)
from tests.metrics.ventricles import ventricle

SPACING = 0.4, 0.4


def long_axis(half_length, half_width, cut, tilt=0.0, spacing=SPACING):
    """The long axis of a cut ellipse above an atrium."""
    frame = ventricle(half_length, half_width, spacing, tilt, cut, atrium=True)
    return measure_long_axis(frame == LV, spacing, frame == LEFT_ATRIUM)


def arc_length(half_length, half_width, cut):
    """Length of the ellipse from its cut around the apex to the cut."""
    squeezed = 1 - (half_width / half_length) ** 2
    angle = np.arcsin(cut / half_length)
    # the arc of a quarter and of the part below the center, on both sides; angles are measured from the minor axis
    return 2 * half_length * (ellipeinc(np.pi / 2, squeezed) + ellipeinc(angle, squeezed))


@pytest.mark.parametrize("tilt", [0, 20])
@pytest.mark.parametrize("spacing", [(0.3, 0.3), (0.5, 0.5), (0.4, 0.7)])
def test_the_wall_of_a_cut_ellipse_has_its_arc_length_without_the_base(spacing, tilt):
    axis = long_axis(50, 25, 25, tilt, spacing)
    assert wall_length(axis, spacing) == pytest.approx(arc_length(50, 25, 25), rel=0.012)


def test_a_ventricle_that_shrinks_evenly_by_a_fifth_has_a_strain_of_minus_twenty_percent():
    lengths = [wall_length(long_axis(*sizes), SPACING) for sizes in ((50, 25, 25), (40, 20, 20))]
    assert longitudinal_strain(*lengths) == pytest.approx(-20, abs=0.7)
    assert longitudinal_strain(lengths[0], lengths[0]) == 0


def test_a_wall_that_thickens_inward_without_shortening_changes_the_strain_little():
    lengths = [wall_length(long_axis(*sizes), SPACING) for sizes in ((50, 25, 25), (50, 20, 25))]
    expected = 100 * (arc_length(50, 20, 25) / arc_length(50, 25, 25) - 1)
    assert longitudinal_strain(*lengths) == pytest.approx(expected, abs=0.7) and -8 < expected < 0


def test_the_order_of_the_ends_of_the_base_does_not_matter():
    axis = long_axis(50, 25, 25)
    turned = wall_length(replace(axis, ends=axis.ends[::-1]), SPACING)
    assert turned == pytest.approx(wall_length(axis, SPACING))


def test_without_the_ends_of_the_base_the_wall_has_no_length():
    axis = long_axis(50, 25, 25)
    assert np.isnan(wall_length(measure_long_axis(axis.cavity.mask, SPACING, axis="pca"), SPACING))
    assert np.isnan(longitudinal_strain(np.nan, 100)) and np.isnan(longitudinal_strain(0, 100))


@pytest.mark.parametrize("tilt", [0, 30])
def test_the_displacement_of_the_annulus_is_measured_along_the_axis_toward_the_apex(tilt):
    ed, es = long_axis(50, 25, 25, tilt), long_axis(45, 20, 13, tilt)
    assert mitral_displacement(ed.base, ed.apex, es.base) == pytest.approx(12, abs=0.8)
    assert mitral_displacement(es.base, es.apex, ed.base) == pytest.approx(-12, abs=0.8)


def test_motion_across_the_axis_does_not_count():
    assert mitral_displacement([90, 40], [10, 40], [90, 47]) == 0
    assert np.isnan(mitral_displacement([90, 40], [90, 40], [80, 40])), "an axis without length has no direction"


def test_the_fractional_area_change_is_a_share_of_the_diastolic_area():
    assert fractional_area_change(40, 22) == 45 and fractional_area_change(20, 25) == -25
    assert np.isnan(fractional_area_change(0, 5)) and np.isnan(fractional_area_change(np.nan, 5))
