"""Both chambers of a frame of known shape."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LEFT_ATRIUM, LV
from gdkvm_monai.metrics.chambers import measure_chambers
from gdkvm_monai.metrics.left_atrium import measure_left_atrium
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.wall_motion import wall_length
from tests.metrics.ventricles import ventricle

SPACING = 0.4, 0.4
FRAME = ventricle(50, 25, SPACING, cut=25, atrium=True)
AXIS = measure_long_axis(FRAME == LV, SPACING, FRAME == LEFT_ATRIUM)


@pytest.mark.parametrize(("level", "share"), [("basal", 1 / 6), ("mid", 1 / 2), ("apical", 5 / 6)])
def test_the_diameters_of_a_cut_ellipse_are_those_in_the_middles_of_its_thirds(level, share):
    below_center = 25 - 75 * share
    found = measure_chambers(AXIS, SPACING).diameters
    assert found[level] == pytest.approx(50 * np.sqrt(1 - (below_center / 50) ** 2), abs=0.6)


def test_the_geometry_of_a_frame_is_that_of_its_parts():
    chambers = measure_chambers(AXIS, SPACING)
    assert chambers.base == tuple(AXIS.base) and chambers.apex == tuple(AXIS.apex)
    assert chambers.wall_length == wall_length(AXIS, SPACING)
    assert chambers.left_atrium == measure_left_atrium(FRAME == LEFT_ATRIUM, AXIS.base, SPACING)


def test_frames_with_the_same_mask_have_equal_geometry():
    assert measure_chambers(AXIS, SPACING) == measure_chambers(
        measure_long_axis(FRAME == LV, SPACING, FRAME == LEFT_ATRIUM), SPACING
    )


def test_without_a_spacing_there_is_a_wall_but_no_atrium_because_it_has_units():
    chambers = measure_chambers(measure_long_axis(FRAME == LV, (1, 1), FRAME == LEFT_ATRIUM))
    assert chambers.left_atrium is None
    assert chambers.wall_length * 0.4 == pytest.approx(wall_length(AXIS, SPACING), rel=1e-6)


def test_a_frame_without_an_atrium_has_none():
    assert measure_chambers(measure_long_axis(FRAME == LV, SPACING), SPACING).left_atrium is None
