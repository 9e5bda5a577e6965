"""Volumes and ejection fraction: analytic ventricles, invariances, missing masks, and real patients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from gdkvm_monai.labels import LEFT_ATRIUM, LV, UNLABELED
from gdkvm_monai.metrics.ejection_fraction import measure_ejection_fraction
from gdkvm_monai.metrics.long_axis import measure_long_axis
from tests.metrics.ventricles import FULL, TRUNCATED, inside, patient, truncated_volume_ml, ventricle


@pytest.mark.parametrize("tilt", [-20, 0, 10])
@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.8, 0.8), (0.55, 0.95), (0.5, 0.308), (1.0, 1.0)])
def test_a_full_ellipsoid_is_measured_along_its_principal_axis(spacing, tilt):
    coarse = max(spacing) > 0.9
    result = measure_ejection_fraction(*patient(*FULL, spacing, tilt), spacing, axis="pca")
    assert result.edv_ml == pytest.approx(103.673, rel=0.03 if coarse else 0.015)
    assert result.esv_ml == pytest.approx(48.255, rel=0.03 if coarse else 0.015)
    assert result.ef_percent == pytest.approx(53.455, abs=1.25 if coarse else 0.75)
    assert result.ventricles["ed", "4CH"].length == pytest.approx(90, abs=max(1, 1.5 * max(spacing)))
    assert result.ventricles["ed", "4CH"].long_axis.method == "pca" and result.flags == () and result.reason == ""


@pytest.mark.parametrize("atrium", [True, False])
@pytest.mark.parametrize("tilt", [-20, 0, 10])
@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.616, 0.8), (1.0, 1.0)])
def test_a_ventricle_cut_at_the_base_is_measured_from_its_base(spacing, tilt, atrium):
    coarse = max(spacing) > 0.5
    result = measure_ejection_fraction(*patient(*TRUNCATED, spacing, tilt, atrium=atrium), spacing)
    assert truncated_volume_ml(50, 25, 22, 25) == pytest.approx(97.193, abs=1e-3)
    assert result.edv_ml == pytest.approx(97.193, rel=0.03 if coarse else 0.015)
    assert result.esv_ml == pytest.approx(48.663, rel=0.03 if coarse else 0.015)
    assert result.ef_percent == pytest.approx(49.932, abs=1.25 if coarse else 0.75)
    assert result.ventricles["ed", "4CH"].length == pytest.approx(75, abs=2.1 * max(spacing) if coarse else 1)
    assert len(result.ventricles) == 4
    assert {found.long_axis.method for found in result.ventricles.values()} == {"atrium" if atrium else "chord"}


@pytest.mark.parametrize("tilt", [-10, 0, 10])
@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.5, 0.308), (0.8, 0.8)])
def test_the_camus_script_loses_nine_points_because_it_ignores_shortening(spacing, tilt):
    result = measure_ejection_fraction(*patient(*TRUNCATED, spacing, tilt), spacing, method="creatis")
    assert result.method == "creatis-parity-v1"
    assert result.edv_ml == pytest.approx(96.8, rel=0.025)
    assert result.esv_ml == pytest.approx(57.2, rel=0.045)
    assert result.ef_percent == pytest.approx(
        40.95, abs=1.3
    )  # the true value is 49.93; pixelation shifts it by up to 1


def test_the_camus_script_follows_the_depth_axis():
    ed, es = patient(*TRUNCATED, (0.5, 0.308))
    upright = measure_ejection_fraction(ed, es, (0.5, 0.308), method="creatis")
    stored = [{view: frame.T for view, frame in phase.items()} for phase in (ed, es)]
    transposed = measure_ejection_fraction(*stored, (0.308, 0.5), method="creatis", depth_axis=1)
    assert transposed.ef_percent == upright.ef_percent


@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.55, 0.8)])
def test_area_length_of_an_ellipse_gives_the_spheroid(spacing):
    frames = [{"4CH": ventricle(a, b, spacing)} for a, b in ((45, 25), (40, 18))]
    result = measure_ejection_fraction(*frames, spacing, method="area_length")
    assert result.method == "area-length-v1"
    assert result.edv_ml == pytest.approx(117.810, rel=0.006)


@pytest.fixture
def views():
    return patient(*TRUNCATED, (0.8, 0.5), 10, atrium=True)


@pytest.mark.parametrize("method", ["disks", "creatis"])
def test_scaling_the_spacing_by_k_scales_volumes_by_k_cubed_and_leaves_ef(views, method):
    result = measure_ejection_fraction(*views, (0.8, 0.5), method=method)
    scaled = measure_ejection_fraction(*views, (1.6, 1.0), method=method)
    assert scaled.edv_ml == pytest.approx(8 * result.edv_ml)
    assert scaled.ef_percent == pytest.approx(result.ef_percent)


@pytest.mark.parametrize("axis", [None, "chord", "pca"])
def test_flips_and_transposition_with_swapped_spacing_change_nothing(views, axis):
    result = measure_ejection_fraction(*views, (0.8, 0.5), axis=axis)
    changes = {(0.8, 0.5): (np.fliplr, np.flipud), (0.5, 0.8): (np.transpose,)}
    for spacing, functions in changes.items():
        for change in functions:
            changed = [{view: change(frame) for view, frame in phase.items()} for phase in views]
            other = measure_ejection_fraction(*changed, spacing, axis=axis)
            assert other.edv_ml == pytest.approx(result.edv_ml, rel=2e-3)
            assert other.ef_percent == pytest.approx(result.ef_percent, abs=0.15)


def test_swapping_the_spacing_alone_changes_the_volume():
    views = patient(*TRUNCATED, (0.6, 0.5))
    right, wrong = (measure_ejection_fraction(*views, spacing).edv_ml for spacing in ((0.6, 0.5), (0.5, 0.6)))
    assert wrong / right == pytest.approx(1.2, rel=0.03)  # the length shrinks once, both widths grow


def test_exchanging_the_views_changes_nothing_if_the_longer_length_is_used(views):
    exchanged = [{"4CH": phase["2CH"], "2CH": phase["4CH"]} for phase in views]
    one, two = (measure_ejection_fraction(*phases, (0.8, 0.5)) for phases in (views, exchanged))
    assert one.edv_ml == pytest.approx(two.edv_ml)


def test_each_view_may_have_its_own_spacing(views):
    coarse = [dict(phase, **{"2CH": phase["2CH"][::2, ::2]}) for phase in views]
    result = measure_ejection_fraction(*coarse, {"4CH": (0.8, 0.5), "2CH": (1.6, 1.0)})
    assert result.edv_ml == pytest.approx(97.193, rel=0.03)


def test_lengths_are_combined_as_requested_and_a_mismatch_is_flagged():
    long, short = ventricle(50, 25, (0.5, 0.5), cut=25), ventricle(40, 25, (0.5, 0.5), cut=20)
    phases = [{"4CH": short, "2CH": long}] * 2
    results = {rule: measure_ejection_fraction(*phases, (0.5, 0.5), length=rule) for rule in ("max", "mean", "a4c")}
    assert results["max"].edv_ml / results["a4c"].edv_ml == pytest.approx(75 / 60, rel=0.01)
    assert results["mean"].edv_ml / results["a4c"].edv_ml == pytest.approx(67.5 / 60, rel=0.01)
    assert [results[rule].method for rule in results] == ["biplane-mod-v1", "biplane-mod-v1-mean", "biplane-mod-v1-a4c"]
    assert results["max"].length_mismatch["ed"] == pytest.approx(0.2, abs=0.01)
    assert "ED: the lengths of the two views differ by 20 %" in results["max"].flags


def test_an_axis_can_be_given(views):
    spacing = (0.8, 0.5)
    found = measure_long_axis(views[0]["4CH"] == LV, spacing, views[0]["4CH"] == LEFT_ATRIUM)
    axis = {("ed", "4CH"): np.stack([found.base, found.apex]) / spacing}
    given, free = (measure_ejection_fraction(*views, spacing, axis=value) for value in (axis, None))
    assert (
        given.ventricles["ed", "4CH"].long_axis.method == "given"
        and given.ventricles["es", "4CH"].long_axis.method == "atrium"
    )
    assert given.edv_ml == pytest.approx(free.edv_ml)


def test_pixels_of_unknown_size_give_an_ef_but_no_volume():
    ed, es = patient(*TRUNCATED, (0.5, 0.5))
    pixels = measure_ejection_fraction({"4CH": ed["4CH"]}, {"4CH": es["4CH"]})
    assert pixels.unit == "px" and np.isnan(pixels.edv_ml)
    known = measure_ejection_fraction({"4CH": ed["4CH"]}, {"4CH": es["4CH"]}, (0.5, 0.5))
    assert pixels.ef_percent == pytest.approx(known.ef_percent)
    assert known.method == "single-plane-a4c-mod-v1"


def test_a_negative_ef_is_reported_and_flagged():
    ed, es = patient(*TRUNCATED, (0.5, 0.5))
    result = measure_ejection_fraction(es, ed, (0.5, 0.5))
    assert result.ef_percent == pytest.approx(100 * (48.663 - 97.193) / 48.663, abs=2)
    assert result.edv_ml < result.esv_ml and "EF is below 0" in result.flags


@pytest.mark.parametrize("phase", [0, 1])
def test_a_cavity_of_a_few_pixels_has_no_volume(phase):
    phases = [{"4CH": frames["4CH"]} for frames in patient(*TRUNCATED, (0.5, 0.5))]
    phases[phase]["4CH"] = np.zeros((260, 200), np.uint8)
    phases[phase]["4CH"][100, 90:93] = LV
    result = measure_ejection_fraction(*phases, (0.5, 0.5))
    assert np.isnan(result.ef_percent) and "has 3 pixels" in result.reason
    assert ("4CH", "ED", "ES")[1 + phase] in result.reason


def test_an_ejection_fraction_above_ninety_percent_is_flagged():
    ed, es = ({"4CH": ventricle(half, half / 2, (0.5, 0.5), cut=half / 2)} for half in (50, 20))
    result = measure_ejection_fraction(ed, es, (0.5, 0.5))
    assert result.ef_percent > 90 and result.flags == ("EF is above 90",)


def test_the_flags_of_a_frame_that_cannot_be_measured_are_kept(views):
    ed, es = views
    full = np.full_like(es["2CH"], LV)
    result = measure_ejection_fraction(ed, dict(es, **{"2CH": full}), (0.8, 0.5), method="creatis")
    assert "2CH ES" in result.reason and "2CH ES: the ventricle touches the border of the image" in result.flags


@pytest.mark.parametrize("method", ["disks", "creatis"])
def test_a_missing_mask_gives_nan_and_a_reason(views, method):
    ed, es = views
    for value, reason in ((np.zeros_like(es["2CH"]), "missing from the mask"), (None, "frame is missing")):
        result = measure_ejection_fraction(ed, dict(es, **{"2CH": value}), (0.8, 0.5), method=method)
        assert np.isnan(result.esv_ml) and np.isnan(result.ef_percent)
        assert "2CH ES" in result.reason and reason in result.reason
    unlabeled = np.full_like(es["2CH"], UNLABELED)
    assert "not annotated" in measure_ejection_fraction(ed, dict(es, **{"2CH": unlabeled}), (1, 1)).reason
    assert "4CH ED" in measure_ejection_fraction({}, es, (1, 1)).reason


@pytest.mark.parametrize(
    ("views", "options", "words"),
    [
        (("4CH", "2CH"), {"method": "area_length"}, "'area_length' takes"),
        (("4CH",), {"method": "creatis"}, "'creatis' takes"),
        (("PLAX",), {}, r"got \['PLAX'\]"),
        (("4CH",), {"method": "teichholz"}, "teichholz"),
        (("4CH",), {"length": "longest"}, "longest"),
        (("4CH",), {"spacing_mm": (1, 0)}, r"\(1.0, 0.0\)"),
        (("4CH", "2CH"), {"method": "creatis", "depth_axis": 7}, "got 7"),
    ],
)
def test_unusable_requests_are_refused(views, options, words):
    frames = dict.fromkeys(views, ventricle(50, 25, (1, 1), cut=25))
    with pytest.raises(ValueError, match=words):
        measure_ejection_fraction(frames, frames, **options)


def climbed(frame, spacing, cut, climb_mm):
    """Return the frame with an atrium that also covers 6 mm beside one wall, up to ``climb_mm`` above the base."""
    along, across = inside(spacing, 0)
    beside = distance_transform_edt(frame != LV, sampling=spacing) <= 6
    frame = frame.copy()
    frame[(frame == 0) & beside & (across > 0) & (along <= cut) & (along > cut - climb_mm)] = LEFT_ATRIUM
    return frame


@pytest.mark.parametrize("spacing", [(0.308, 0.308), (0.5, 0.5), (1, 1)])
@pytest.mark.parametrize("climb_mm", [10, 20])
def test_an_atrium_that_climbs_a_wall_at_end_systole_does_not_change_the_ejection_fraction(climb_mm, spacing):
    ed, es = ventricle(50, 25, spacing, cut=25, atrium=True), ventricle(44, 19, spacing, cut=20, atrium=True)
    right = measure_ejection_fraction({"4CH": ed}, {"4CH": es}, spacing)
    result = measure_ejection_fraction({"4CH": ed}, {"4CH": climbed(es, spacing, 20, climb_mm)}, spacing)
    assert right.flags == () and right.ventricles["es", "4CH"].long_axis.method == "atrium"
    assert result.esv_ml == pytest.approx(right.esv_ml, rel=0.01) and abs(result.ef_percent - right.ef_percent) < 0.5
    (flag,) = result.flags
    assert flag.startswith("4CH ES: the ventricle is measured without its atrium") and "bends" in flag


def read_patient(folder):
    sitk = pytest.importorskip("SimpleITK")
    phases, spacing = [], {}
    for phase in ("ED", "ES"):
        phases.append({})
        for view in ("4CH", "2CH"):
            image = sitk.ReadImage(str(folder / f"{folder.name}_{view}_{phase}_gt.mhd"))
            phases[-1][view] = sitk.GetArrayFromImage(image)[0]
            spacing[view] = image.GetSpacing()[1::-1]
    lines = (folder / "Info_4CH.cfg").read_text().splitlines()
    return phases, spacing, dict(line.split(": ") for line in lines if ": " in line)


@pytest.mark.parametrize("name", ["patient0001", "patient0002", "patient0003"])
def test_expert_masks_reproduce_the_reference_of_the_data_set(name, real_data):
    phases, spacing, reference = read_patient(real_data / "camus_mhd" / name)
    result = measure_ejection_fraction(*phases, spacing)
    assert result.ventricles["ed", "4CH"].long_axis.method == "atrium"
    assert result.ef_percent == pytest.approx(float(reference["LVef"]), abs=3)
    assert result.edv_ml == pytest.approx(float(reference["LVedv"]), rel=0.12)
    assert result.esv_ml == pytest.approx(float(reference["LVesv"]), rel=0.12)
