"""The pixel spacing is used only if the regions of a clip are plausible."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.dicom_files import region


def test_spacing_and_position_come_from_the_tissue_region(frames, write_dicom):
    graphics = region((0, 0, 49, 39), (1, 1), 0, RegionSpatialFormat=0, RegionDataType=0)
    path = write_dicom(frames, SequenceOfUltrasoundRegions=[graphics, region(delta_cm=(-0.05, 0.04))])
    read = ClipReader().read(path)
    assert read.meta["spacing_trust"] == "ok" and read.meta["mode"] == "B-mode"
    np.testing.assert_allclose(np.diag(read.affine), (-0.5, -0.4, 1, 1))
    assert read.meta["region"] == (4, 6, 44, 36) and read.pixels.shape[:2] == (50, 40)


@pytest.mark.parametrize(
    ("regions", "trust"),
    [
        ([], "absent"),
        ([region(units=0)], "absent"),
        ([region(delta_cm=(0, 0.04))], "absent"),
        ([region(delta_cm=(float("nan"), 0.04))], "absent"),
        ([region((4, 6, 80, 60))], "scaled"),
        ([region((60, 60, 80, 80))], "scaled"),
        ([region((0, 0, 50, 40))], "ok"),
        ([region((43, 6, 4, 35))], "absent"),
        ([region(), region((0, 0, 9, 9), (0.03, 0.04))], "conflict"),
        ([region(), region((0, 0, 9, 9))], "ok"),
        ([region(delta_cm=(2, 2))], "conflict"),
    ],
    ids=["no region", "no unit", "zero", "not a number", "partly outside", "outside", "one too far",
         "corners exchanged", "two spacings", "two alike", "two meters deep"],
)  # fmt: skip
def test_implausible_spacing_is_flagged_and_never_in_millimeters(frames, write_dicom, regions, trust):
    path = write_dicom(frames, SequenceOfUltrasoundRegions=regions)
    read = ClipReader().read(path)
    assert read.meta["spacing_trust"] == trust and read.pixels.shape == (50, 40, 5)
    assert ("region" in read.meta) == (bool(regions) and regions[0].RegionLocationMinX0 != 43 and trust != "scaled")
    np.testing.assert_allclose(np.diag(read.affine)[:2], (-0.5, -0.4) if trust == "ok" else (-1, -1))


LEFT, RIGHT = region((0, 0, 23, 39), (0.05, 0.05)), region((26, 0, 49, 39), (0.08, 0.08))
"""Two regions side by side."""


@pytest.mark.parametrize(("number", "x0", "mm"), [(1, 0, 0.5), (2, 26, 0.8)])
def test_one_of_two_regions_can_be_chosen_with_its_own_spacing(frames, write_dicom, number, x0, mm):
    read = ClipReader(region=number).read(write_dicom(frames, SequenceOfUltrasoundRegions=[RIGHT, LEFT]))
    assert read.meta["region"] == (x0, 0, x0 + 24, 40) and read.meta["spacing_trust"] == "ok"
    assert (read.meta["tissue_regions"], read.meta["tissue_region"]) == (2, number)
    np.testing.assert_allclose(np.diag(read.affine)[:2], (-mm, -mm))


def test_without_a_choice_the_largest_region_is_used_and_two_spacings_are_in_conflict(frames, write_dicom):
    wider = region((23, 0, 49, 39), (0.08, 0.08))
    meta = ClipReader().read(write_dicom(frames, SequenceOfUltrasoundRegions=[region((0, 0, 20, 39)), wider])).meta
    assert (meta["tissue_regions"], meta["tissue_region"], meta["spacing_trust"]) == (2, 2, "conflict")


def test_a_region_in_another_is_not_beside_it(frames, write_dicom):
    zoom = region((10, 10, 20, 20))
    meta = ClipReader().read(write_dicom(frames, SequenceOfUltrasoundRegions=[zoom, region()])).meta
    assert (meta["tissue_regions"], meta["tissue_region"], meta["region"]) == (1, 1, (4, 6, 44, 36))


@pytest.mark.parametrize(("regions", "number", "stated"), [([LEFT, RIGHT], 3, 2), ([LEFT], 0, 1), ([], 1, 0)])
def test_a_region_that_the_clip_does_not_state_cannot_be_chosen(frames, write_dicom, regions, number, stated):
    path = write_dicom(frames, SequenceOfUltrasoundRegions=regions)
    with pytest.raises(ClipReadError, match=f"states {stated} tissue regions?, and region is {number}"):
        ClipReader(region=number).read(path)


def test_a_region_and_a_pixel_spacing_that_differ_are_in_conflict(frames, write_dicom):
    for spacing, trust in (([0.4, 0.5], "ok"), ([0.5, 0.5], "conflict")):
        read = ClipReader().read(write_dicom(frames, SequenceOfUltrasoundRegions=[region()], PixelSpacing=spacing))
        assert read.meta["spacing_trust"] == trust


def test_a_region_whose_corners_are_all_zero_is_no_region(frames, write_dicom):
    meta = ClipReader().read(write_dicom(frames, SequenceOfUltrasoundRegions=[region((0, 0, 0, 0))])).meta
    assert "region" not in meta and meta["spacing_trust"] == "absent"
    both = ClipReader().read(write_dicom(frames, SequenceOfUltrasoundRegions=[region((0, 0, 0, 0)), region()])).meta
    assert both["region"] == (4, 6, 44, 36)


@pytest.mark.parametrize("box", [(4, 6, 23, 25), (0, 0, 2, 2), (0, 0, 49, 19), (0, 0, 0, 39)])
def test_a_region_too_small_for_an_echo_is_in_conflict_and_the_whole_picture_is_used(box, frames, write_dicom):
    path = write_dicom(frames, SequenceOfUltrasoundRegions=[region(box, (0.1, 0.1))])
    meta = ClipReader().read(path).meta
    assert meta["spacing_trust"] == "conflict" and "region" not in meta


def test_a_region_too_small_for_an_echo_is_not_one_of_several(frames, write_dicom):
    path = write_dicom(frames, SequenceOfUltrasoundRegions=[region((0, 0, 2, 39)), region()])
    meta = ClipReader().read(path).meta
    assert (meta["region"], meta["tissue_regions"], meta["spacing_trust"]) == ((4, 6, 44, 36), 1, "ok")
    with pytest.raises(ClipReadError, match="states 1 tissue region, and region is 2"):
        ClipReader(region=2).read(path)
