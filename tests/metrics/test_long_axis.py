"""Base, apex, and diameters of ventricles of known shape."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from gdkvm_monai.labels import LEFT_ATRIUM, LV
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.volume import disk_volume_ml
from tests.metrics.ventricles import ventricle


def test_diameters_of_a_cut_ellipse_agree_between_polygon_and_pixel_mask():
    angle = np.linspace(0, 2 * np.pi, 400)
    mask = polygon2mask((160, 120), np.stack([80 + 45 * np.cos(angle), 60 + 25 * np.sin(angle)], 1))
    axis = measure_long_axis(mask, (1, 1), axis="pca")
    assert disk_volume_ml(axis.diameters, axis.length) == pytest.approx(117.810, rel=0.012)


def test_the_ends_of_the_base_are_the_corners_of_a_cut_ellipse_and_unknown_on_the_principal_axis():
    frame = ventricle(50, 25, (0.5, 0.5), cut=25)
    corners = [[85, 50 - 25 * np.sqrt(0.75)], [85, 50 + 25 * np.sqrt(0.75)]]
    axis = measure_long_axis(frame == LV, (0.5, 0.5))
    np.testing.assert_allclose(sorted(axis.ends.tolist(), key=lambda end: end[1]), corners, atol=0.8)
    np.testing.assert_allclose(axis.ends.mean(axis=0), axis.base)
    assert axis.base_width == np.linalg.norm(axis.ends[0] - axis.ends[1])
    unknown = measure_long_axis(frame == LV, (0.5, 0.5), axis="pca")
    assert np.isnan(unknown.ends).all() and np.isnan(unknown.base_width)


def test_stray_parts_holes_and_the_border_are_handled_and_reported():
    frame = ventricle(50, 25, (0.5, 0.5), cut=25)
    whole = measure_long_axis(frame == LV, (0.5, 0.5))
    damaged = (frame == LV).copy()
    damaged[100:106, 95:103] = False
    damaged[5:9, 5:9] = True
    axis = measure_long_axis(damaged, (0.5, 0.5))
    assert (axis.cavity.parts, axis.cavity.hole_pixels) == (2, 48)
    np.testing.assert_allclose(axis.diameters, whole.diameters)
    cut_off = measure_long_axis(damaged[:, 80:], (0.5, 0.5), axis="pca")
    assert whole.cavity.border_fraction == 0 < cut_off.cavity.border_fraction


def test_a_stray_part_of_the_atrium_does_not_move_the_base():
    frame = ventricle(50, 25, (0.5, 0.5), cut=25, atrium=True)
    axis = measure_long_axis(frame == LV, (0.5, 0.5), frame == LEFT_ATRIUM)
    frame[20:24, 96:104] = np.where(frame[20:24, 96:104] == LV, LV, LEFT_ATRIUM)
    moved = measure_long_axis(frame == LV, (0.5, 0.5), frame == LEFT_ATRIUM)
    np.testing.assert_allclose(moved.base, axis.base)


def test_a_mask_without_the_requested_axis_is_refused():
    cavity = ventricle(50, 25, (1, 1), cut=25) == LV
    with pytest.raises(ValueError, match="empty"):
        measure_long_axis(np.zeros((5, 5)), (1, 1))
    with pytest.raises(ValueError, match="'atrium' finds no base"):
        measure_long_axis(cavity, (1, 1), axis="atrium")
    with pytest.raises(ValueError, match="two different points"):
        measure_long_axis(cavity, (1, 1), axis=[(3, 3), (3, 3)])
    with pytest.raises(ValueError, match="longest"):
        measure_long_axis(cavity, (1, 1), axis="longest")
