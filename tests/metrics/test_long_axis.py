"""Base, apex, and diameters of ventricles of known shape."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from gdkvm_monai.labels import LEFT_ATRIUM, LV
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.volume import disk_volume_ml
from tests.metrics.ventricles import inside, truncated_volume_ml, ventricle


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


def volume_ml(axis):
    return disk_volume_ml(axis.diameters, axis.length)


@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.5, 0.5), (1, 1)])
def test_a_patch_of_atrium_at_the_side_wall_does_not_move_the_base(spacing):
    frame = ventricle(44, 19, spacing, cut=20)
    plain = measure_long_axis(frame == LV, spacing)
    row = int(60 / spacing[0])
    column = np.flatnonzero(frame[row] == LV)[-1] + 1
    frame[row : row + 4, column : column + 4] = LEFT_ATRIUM
    patched = measure_long_axis(frame == LV, spacing, frame == LEFT_ATRIUM)
    np.testing.assert_allclose(patched.base, plain.base)
    assert patched.method == plain.method == "chord" and plain.flags == ()
    assert [flag.code for flag in patched.flags] == ["atrium"] and "too short" in patched.flags[0].message


def test_an_atrium_over_less_than_the_base_or_apart_from_it_is_flagged():
    frame = ventricle(44, 19, (0.5, 0.5), cut=20, atrium=True)
    _, across = inside((0.5, 0.5), 0)
    half, apart = (frame == LEFT_ATRIUM) & (across < 0), np.roll(frame == LEFT_ATRIUM, 8, axis=0)
    right = volume_ml(measure_long_axis(frame == LV, (0.5, 0.5)))
    for atrium, fault in ((half, "not at its flat end"), (apart, "do not touch")):
        axis = measure_long_axis(frame == LV, (0.5, 0.5), atrium)
        assert axis.method == "chord" and volume_ml(axis) == pytest.approx(right)
        assert axis.flags[0].code == "atrium" and fault in axis.flags[0].message
        with pytest.raises(ValueError, match=fault):
            measure_long_axis(frame == LV, (0.5, 0.5), atrium, axis="atrium")


@pytest.mark.parametrize("tilt", [0, 20])
@pytest.mark.parametrize("spacing", [(0.308, 0.308), (1, 1)])
@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.04, 1.15, 1.33])
def test_a_cavity_wider_than_long_is_measured_along_its_length(ratio, spacing, tilt):
    frame = ventricle(40, 30 * ratio, spacing, tilt, cut=20, atrium=True)
    true = truncated_volume_ml(40, 30 * ratio, 30 * ratio, 20)
    for atrium in (None, frame == LEFT_ATRIUM):
        axis = measure_long_axis(frame == LV, spacing, atrium)
        assert volume_ml(axis) == pytest.approx(true, rel=0.04) and axis.flags == ()


@pytest.mark.parametrize("ratio", [1.04, 1.15, 1.33])
def test_a_round_cavity_without_a_base_is_flagged_and_an_atrium_tells_its_axis(ratio):
    frame = ventricle(30, 30 * ratio, (0.5, 0.5), cut=None)
    alone = measure_long_axis(frame == LV, (0.5, 0.5))
    assert alone.method == "pca" and [flag.code for flag in alone.flags] == ["no_base"]
    along, across = inside((0.5, 0.5), 0)
    below = (frame == 0) & (along > 15) & (along**2 + across**2 < 45**2)
    axis = measure_long_axis(frame == LV, (0.5, 0.5), below)
    assert volume_ml(axis) == pytest.approx(4 / 3 * np.pi * 30 * (30 * ratio) ** 2 / 1000, rel=0.02)
    assert axis.base[0] > axis.apex[0] and [flag.code for flag in axis.flags] == ["atrium", "no_base"]


@pytest.mark.parametrize("every", [90, pytest.param(1, marks=pytest.mark.slow)])
def test_the_contact_of_expert_masks_with_the_atrium_is_plausible_and_agrees_with_the_flat_end(real_data, every):
    nibabel = pytest.importorskip("nibabel")
    paths = sorted((real_data / "camus" / "database_nifti").glob("*/*_4CH_E?_gt.nii.gz"))[::every]
    ratios = []
    for path in paths:
        frame = np.asarray(nibabel.load(path).dataobj)
        axis = measure_long_axis(frame == LV, (0.308, 0.308), frame == LEFT_ATRIUM)
        assert axis.method == "atrium" and axis.flags == (), path.name
        alone = measure_long_axis(frame == LV, (0.308, 0.308))
        if not alone.flags:
            ratios.append(volume_ml(alone) / volume_ml(axis))
    assert len(paths) >= 10 and np.abs(np.array(ratios) - 1).max() < 0.015
    assert len(paths) - len(ratios) <= 0.01 * len(paths)
    print(f"{len(paths)} masks, volume without the atrium {min(ratios):.3f} to {max(ratios):.3f} times that with it")
