"""Which pixels of a chamber are measured: gaps, stray parts, holes, and the border of the image."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LV
from gdkvm_monai.metrics.cavity import GAP, find_cavity
from gdkvm_monai.metrics.long_axis import measure_long_axis
from gdkvm_monai.metrics.volume import disk_volume_ml
from tests.metrics.ventricles import inside, ventricle


def cut(gap_mm, spacing=(0.5, 0.5)):
    """Return an elliptical cavity with a gap across its middle."""
    along, _ = inside(spacing, 0)
    return (ventricle(45, 25, spacing) == LV) & ((along <= 2) | (along > 2 + gap_mm))


def volume_ml(mask, spacing=(0.5, 0.5)):
    axis = measure_long_axis(mask, spacing, axis="pca")
    return disk_volume_ml(axis.diameters, axis.length)


def test_a_mask_in_one_piece_is_measured_as_it_is():
    mask = ventricle(50, 25, (1, 1), cut=25) == LV
    mask[60:75, 40:44] = False  # a notch that a closing would change
    mask[60:75, 44:80] = False
    found = find_cavity(mask, (1, 1))
    np.testing.assert_array_equal(found.mask, mask)
    assert (found.parts, found.left_out, found.gap_pixels, found.hole_pixels) == (1, 0, 0, 0) and found.flags == ()


@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.5, 0.5), (1, 1), (0.5, 0.3)])
@pytest.mark.parametrize("gap_mm", [1, 2])
def test_a_gap_of_up_to_two_millimeters_does_not_halve_the_volume(gap_mm, spacing):
    found = find_cavity(cut(gap_mm, spacing), spacing)
    assert found.parts == 2 and found.left_out == 0 and found.gap_pixels > 0
    assert volume_ml(cut(gap_mm, spacing), spacing) == pytest.approx(volume_ml(cut(0, spacing), spacing), rel=3e-3)
    assert [flag.code for flag in found.flags] == ["parts"]


def test_a_wider_gap_leaves_the_smaller_part_out_and_says_how_much():
    assert 5 > GAP * np.sqrt(np.pi * 45 * 25)
    found = find_cavity(cut(5), (0.5, 0.5))
    assert found.parts == 2 and found.gap_pixels == 0 and found.left_out == pytest.approx(0.43, abs=0.01)
    assert not found.whole and find_cavity(cut(2), (0.5, 0.5)).whole
    assert "43 % of its pixels" in found.flags[0].message


def test_the_pixels_do_not_depend_on_the_unit_of_the_spacing():
    for gap in (1, 2, 3):
        one, other = (find_cavity(cut(gap), (step, step)).mask for step in (0.5, 7.0))
        np.testing.assert_array_equal(one, other)


def test_the_part_with_most_given_pixels_is_kept():
    mask = np.zeros((12, 12), bool)
    mask[1:3, 1:3], mask[5:10, 5:10] = True, True
    found = find_cavity(mask)
    assert found.parts == 2 and found.pixels == 25 and found.mask[7, 7] and found.left_out == pytest.approx(4 / 29)


def test_parts_that_touch_at_a_corner_are_one():
    assert find_cavity(np.eye(4)).parts == 1


def test_holes_are_filled_and_a_bay_at_the_border_is_not_a_hole():
    mask = np.zeros((9, 9), bool)
    mask[:6, 1:8] = True
    mask[0, 3] = mask[3, 4] = False
    found = find_cavity(mask)
    assert found.hole_pixels == 1 and found.mask[3, 4] and not found.mask[0, 3]
    assert found.border_fraction == 6 / 41
    assert [flag.code for flag in found.flags] == ["holes", "border"]


@pytest.mark.parametrize(("channel_mm", "filled"), [(0.5, True), (1.5, True), (4, False)])
def test_a_hole_that_a_narrow_channel_opens_to_the_outside_is_filled(channel_mm, filled):
    whole = ventricle(45, 25, (0.5, 0.5)) == LV
    along, across = inside((0.5, 0.5), 0)
    hole = (np.abs(along) <= 7) & (np.abs(across) <= 7)
    channel = (across > 0) & (along >= 0) & (along < channel_mm)
    given = whole & ~hole & ~channel
    found = find_cavity(given, (0.5, 0.5))
    assert (found.mask != (whole if filled else given)).sum() <= 6  # of 14137; corners at the mouth of the channel
    assert [flag.code for flag in found.flags] == (["holes"] if filled else [])
    assert found.parts == 1 and found.hole_pixels == (found.mask & ~given).sum()


def test_an_empty_mask_has_no_pixels_and_a_full_one_is_all_measured():
    empty, full = find_cavity(np.zeros((4, 5))), find_cavity(np.ones((4, 5)))
    assert (empty.parts, empty.pixels, empty.flags) == (0, 0, ()) and (full.parts, full.pixels) == (1, 20)
