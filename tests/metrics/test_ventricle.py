"""Measurements of the ventricle in one frame, by each method."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.metrics.ventricle import METHODS, measure_ventricle
from tests.metrics.ventricles import ventricle

STEP = (0.5, 0.5)


def test_the_methods_agree_on_the_length_of_a_full_ellipse():
    frame = ventricle(45, 25, STEP)
    disks = measure_ventricle(frame, STEP, axis="pca")
    area = measure_ventricle(frame, STEP, "area_length")
    assert disks.length == pytest.approx(90, abs=1) and area.length == pytest.approx(90, abs=1)
    assert area.area == pytest.approx(np.pi * 45 * 25, rel=0.01)


def test_each_method_sets_its_own_fields():
    frame = ventricle(50, 25, STEP, cut=25)
    disks, area, creatis = (measure_ventricle(frame, STEP, name) for name in ("disks", "area_length", "creatis"))
    assert disks.diameters.shape == creatis.diameters.shape == (20,) and area.diameters.shape == (0,)
    assert disks.long_axis.method == "chord" and area.long_axis is None and creatis.long_axis is None
    assert np.isnan([disks.area, creatis.area]).all()


def test_parts_are_counted_by_every_method():
    frame = ventricle(50, 25, STEP, cut=25)
    frame[3:6, 3:6] = LV
    assert {measure_ventricle(frame, STEP, name).cavity.parts for name in METHODS} == {2}


@pytest.mark.parametrize("method", METHODS)
def test_parts_holes_and_contact_with_the_border_are_flagged_by_every_method(method):
    frame = ventricle(50, 25, STEP, cut=25)
    assert measure_ventricle(frame, STEP, method).flags == ()
    frame[3:6, 3:6], frame[100:103, 98:100] = LV, 0
    assert [flag.code for flag in measure_ventricle(frame, STEP, method).flags] == ["parts", "holes"]
    cut_off = np.roll(ventricle(50, 25, STEP, cut=25), -24, axis=0)[:160]
    assert [flag.code for flag in measure_ventricle(cut_off, STEP, method).flags] == ["border"]


@pytest.mark.parametrize("method", ["area_length", "creatis"])
def test_a_stray_part_changes_the_literal_method_and_not_the_filtered_one(method):
    frame = ventricle(50, 25, STEP, cut=25)
    whole = measure_ventricle(frame, STEP, method)
    frame[4:16, 4:16] = LV
    literal, filtered = (measure_ventricle(frame, STEP, name) for name in (method, f"{method}_filtered"))
    assert abs(literal.length / whole.length - 1) > 0.02
    assert (filtered.length, filtered.area) == pytest.approx((whole.length, whole.area), nan_ok=True)
    np.testing.assert_array_equal(filtered.diameters, whole.diameters)


@pytest.mark.parametrize("method", METHODS)
def test_only_methods_that_repair_a_mask_say_so(method):
    frame = ventricle(50, 25, (0.5, 0.5))
    frame[np.argwhere(frame == LV).mean(axis=0).astype(int)[0]] = 0  # a gap of one pixel, half a millimeter
    middle = np.argwhere(frame == LV).mean(axis=0).astype(int)
    frame[middle[0] + 8 : middle[0] + 11, middle[1] : middle[1] + 3] = 0
    flags = dict(measure_ventricle(frame, (0.5, 0.5), method).flags)
    repaired = method == "disks" or method.endswith("_filtered")
    assert ("the gap is closed" in flags["parts"], "as they are" in flags["parts"]) == (repaired, not repaired)
    assert ("which are filled" in flags["holes"], "not filled" in flags["holes"]) == (repaired, not repaired)


def test_a_ventricle_that_fills_the_image_has_no_base_for_the_camus_script():
    with pytest.raises(ValueError, match="fills the whole image"):
        measure_ventricle(np.full((40, 40), LV), STEP, "creatis")


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (None, "frame is missing"),
        (np.zeros((5, 5)), "missing from the mask"),
        (np.full((5, 5), UNLABELED), "annotated"),
    ],
)
def test_an_unmeasurable_frame_is_refused_with_the_cause(frame, words):
    with pytest.raises(ValueError, match=words):
        measure_ventricle(frame, STEP)
