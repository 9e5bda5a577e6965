"""Two views of one phantom give its volumes and its ejection fraction, or a reason why not."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest

import gdkvm_monai
from gdkvm_monai.labels import LV
from gdkvm_monai.study.biplane import measure_biplane
from tests.study.gray_level_network import gray_level_pipeline, label_clip

QUICK = {"fast": True, "report": False, "overlay": "none"}


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    found = {}
    for view in ("4CH", "2CH"):
        pixels, phantom, spacing_mm = label_clip(seed=1, view=view)
        options = {"fps": 25, "spacing_mm": spacing_mm, "view": view, **QUICK}
        found[view] = gdkvm_monai.segment(pixels, out=out, pipeline=gray_level_pipeline(), **options), phantom
    return found


@pytest.fixture()
def still() -> np.ndarray:
    return label_clip(seed=1, beats=0.01, size=(32, 32))[0]


@pytest.fixture()
def results(views):
    return {view: result for view, (result, _) in views.items()}


def test_volumes_and_ejection_fraction_match_the_phantom(views, results):
    phantom = views["4CH"][1]
    report = measure_biplane(results)
    assert report.edv_ml == pytest.approx(phantom.edv_ml, rel=0.08)
    assert report.esv_ml == pytest.approx(phantom.esv_ml, rel=0.08)
    assert abs(report.ef_percent - phantom.ef_percent) < 3
    assert report.sv_ml == pytest.approx(report.edv_ml - report.esv_ml)
    assert report.ef_percent == pytest.approx(100 * report.sv_ml / report.edv_ml, abs=0.1)
    assert report.ef_withheld == "" and report.method.id == "biplane-mod-v1"
    assert report.views == {view: result.clip_id for view, result in results.items()}
    for view, result in results.items():
        beat = result.measurements.beats[0]
        assert report.beats[view] == (beat.ed_frame, beat.es_frame)


def test_the_order_of_the_views_does_not_matter(results):
    other = measure_biplane(dict(reversed(results.items())))
    assert other == measure_biplane(results)


def test_two_copies_of_one_clip_are_not_measured_together(results):
    report = measure_biplane({"4CH": results["4CH"], "2CH": results["4CH"]})
    assert report.ef_percent is None and "copies of one clip" in report.ef_withheld and report.verdict == "check"


def test_masks_that_were_stored_without_the_atrium_are_flagged(results):
    four = results["4CH"]
    bare = replace(
        four, measurements=replace(four.measurements, structures=("LV",)), _mask=np.where(four.mask == LV, LV, 0)
    )
    assert measure_biplane(results).flags == ()
    (flag,) = measure_biplane({**results, "4CH": bare}).flags
    assert flag.startswith("4CH: the masks were stored without the left atrium")


def test_without_a_pixel_spacing_in_one_view_nothing_is_measured(results, still):
    unknown = gdkvm_monai.segment(still, pipeline=gray_level_pipeline(), view="2CH", **QUICK)
    report = measure_biplane({**results, "2CH": unknown})
    assert report.ef_withheld.startswith("2CH: the pixel spacing is absent")
    assert all(getattr(report, name) is None for name in ("edv_ml", "esv_ml", "sv_ml", "ef_percent", "beats"))


def test_without_a_beat_in_one_view_nothing_is_measured(results, still):
    found = gdkvm_monai.segment(still, pipeline=gray_level_pipeline(), view="4CH", spacing_mm=(1, 1), **QUICK)
    report = measure_biplane({**results, "4CH": found})
    reason = found.measurements.phases.reason
    assert reason and report.ef_withheld == f"4CH: {reason}" and report.ef_percent is None


def test_both_views_are_required(results):
    with pytest.raises(ValueError, match="got the views 4CH, expected 4CH and 2CH"):
        measure_biplane({"4CH": results["4CH"]})
    with pytest.raises(ValueError, match="got the views none"):
        measure_biplane({})


def test_both_names_of_a_view_are_accepted_but_not_twice(results):
    assert measure_biplane({"A4C": results["4CH"], "a2c": results["2CH"]}) == measure_biplane(results)
    with pytest.raises(ValueError, match="got the views A4C, 4CH, 2CH, expected"):
        measure_biplane({"A4C": results["4CH"], **results})


def test_results_without_a_folder_are_measured(results):
    without = {view: replace(result, folder=None, _mask=result.mask) for view, result in results.items()}
    assert measure_biplane(without) == measure_biplane(results)


def test_a_value_that_is_not_a_result_is_refused(results):
    with pytest.raises(TypeError, match="the result of 2CH is a str"):
        measure_biplane({**results, "2CH": "out/2CH"})


def test_masks_without_a_ventricle_give_a_reason_instead_of_a_volume(results, tmp_path):
    measurements = results["4CH"].measurements
    beat = replace(measurements.beats[0], ed_frame=0, es_frame=1)
    measurements = replace(measurements, beats=(beat, *measurements.beats[1:]))
    folder = tmp_path / "empty"
    folder.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.zeros((8, 8, 2), np.uint8), np.eye(4)), folder / "mask.nii.gz")
    report = measure_biplane({**results, "4CH": replace(results["4CH"], measurements=measurements, folder=folder)})
    assert report.ef_percent is None and report.ef_withheld


def test_both_lengths_are_those_of_the_masks_and_decide_about_foreshortening(results):
    report = measure_biplane(results)
    for phase, place in (("ED", 0), ("ES", 1)):
        lengths = [report.lengths_mm[phase][view] for view in ("4CH", "2CH")]
        for view, length in zip(("4CH", "2CH"), lengths):
            own = results[view].frames.lv_length_mm[report.beats[view][place]]
            assert length == pytest.approx(own, rel=0.01)  # the stated spacing is rounded, and pixels tie for the apex
        assert report.length_difference_percent[phase] == pytest.approx(100 * np.ptp(lengths) / max(lengths), abs=0.01)
    assert report.foreshortening == ""


def test_lengths_that_differ_are_both_stated_and_take_the_verdict_down(results):
    clip = results["2CH"].measurements.clip
    squeezed = replace(clip, spacing_mm=(clip.spacing_mm[0], 0.8 * clip.spacing_mm[1]))
    short = replace(results["2CH"], measurements=replace(results["2CH"].measurements, clip=squeezed))
    report = measure_biplane({"4CH": results["4CH"], "2CH": short})
    for four, two in ((lengths["4CH"], lengths["2CH"]) for lengths in report.lengths_mm.values()):
        assert f"{four:.1f} mm long in the 4CH view and {two:.1f} mm in the 2CH view" in report.foreshortening
    assert "one of the views may be foreshortened" in report.foreshortening  # not: the shorter one is
    assert report.length_difference_percent["ED"] > 10 and report.verdict != "good"


def with_verdict(result, verdict):
    quality = replace(result.measurements.quality, verdict=verdict)
    return replace(result, measurements=replace(result.measurements, quality=quality))


@pytest.mark.parametrize(("one", "other", "expected"), [("good", "check", "check"), ("check", "reject", "reject")])
def test_the_verdict_is_the_worse_of_both_clips(one, other, expected, results):
    judged = {"4CH": with_verdict(results["4CH"], one), "2CH": with_verdict(results["2CH"], other)}
    assert measure_biplane(judged).verdict == expected
    assert measure_biplane(judged).quality == {"4CH": one, "2CH": other}


def test_the_beat_is_the_first_one_in_the_mean_of_its_clip(results):
    measurements = results["4CH"].measurements
    beat = measurements.beats[0]
    later = replace(beat, ed_frame=beat.ed_frame + 1, in_mean=True)
    beats = (replace(beat, in_mean=False), later)
    changed = replace(results["4CH"], measurements=replace(measurements, beats=beats))
    assert measure_biplane({**results, "4CH": changed}).beats["4CH"] == (later.ed_frame, later.es_frame)
