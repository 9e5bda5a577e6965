"""The left atrium as half an ellipsoid below a cut ventricle: length, area, and both volumes."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LEFT_ATRIUM
from gdkvm_monai.metrics.left_atrium import measure_left_atrium
from tests.metrics.ventricles import inside, ventricle

HALF_WIDTH = 25 * np.sqrt(0.75)
"""Half of the width of the annulus of the ventricle below, in mm; the atrium is 25 mm long."""

VOLUME_ML = 2 / 3 * np.pi * HALF_WIDTH**2 * 25 / 1000


def annulus(tilt: float) -> np.ndarray:
    """The middle of the annulus, 25 mm from the center of the ventricle along the tilted axis, in mm."""
    return np.array([60, 50]) + 25 * np.array([np.cos(np.deg2rad(tilt)), np.sin(np.deg2rad(tilt))])


@pytest.mark.parametrize("tilt", [0, 30])
@pytest.mark.parametrize("spacing_mm", [(0.3, 0.3), (0.4, 0.7)])
def test_half_an_ellipsoid_has_its_length_its_area_and_by_both_methods_its_volume(spacing_mm, tilt):
    frame = ventricle(50, 25, spacing_mm, tilt, cut=25, atrium=True)
    found = measure_left_atrium(frame == LEFT_ATRIUM, annulus(tilt), spacing_mm)
    assert found.length_mm == pytest.approx(25, abs=0.5)
    assert found.area_cm2 == pytest.approx(np.pi * 25 * HALF_WIDTH / 200, rel=0.01)
    assert found.area_length_ml == pytest.approx(VOLUME_ML, rel=0.03)
    assert found.disks_ml == pytest.approx(VOLUME_ML, rel=0.04)


def test_the_disks_follow_an_outline_for_which_the_area_and_length_are_no_measure():
    along, across = inside((0.25, 0.25), 0)
    cylinder = (along >= 0) & (along <= 40) & (np.abs(across) <= 15)
    found = measure_left_atrium(cylinder, (60, 50), (0.25, 0.25))
    true = np.pi * 15**2 * 40 / 1000
    length = np.hypot(40, 15)  # to a corner of the roof
    assert found.length_mm == pytest.approx(length, abs=0.4)
    assert found.area_length_ml == pytest.approx(8 * 1200**2 / (3 * np.pi * length) / 1000, rel=0.03)
    assert abs(found.disks_ml / true - 1) < abs(found.area_length_ml / true - 1)


def test_stray_pixels_and_holes_change_nothing():
    mask = ventricle(50, 25, (0.5, 0.5), cut=25, atrium=True) == LEFT_ATRIUM
    damaged = mask.copy()
    damaged[5:9, 5:9], damaged[182:186, 98:102] = True, False
    expected, found = (measure_left_atrium(each, annulus(0), (0.5, 0.5)) for each in (mask, damaged))
    assert (damaged != mask).sum() == 32 and vars(found) == pytest.approx(vars(expected))


def test_a_frame_without_an_atrium_is_refused():
    with pytest.raises(ValueError, match="left atrium is empty"):
        measure_left_atrium(np.zeros((20, 20)), (10, 10), (1, 1))
