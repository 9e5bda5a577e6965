"""From a clip to measurements: known content is recovered, and nothing is invented."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import jsonschema
import nibabel
import numpy as np
import pytest
import torch

import gdkvm_monai
from gdkvm_monai.data import ClipReadError
from gdkvm_monai.study.measurements_file import measurements_schema, read_measurements
from gdkvm_monai.study.results_folder import ClipResults, read_results
from tests.study.gray_level_network import LEVELS, gray_level_pipeline, label_clip


@pytest.fixture(scope="module")
def clip():
    return label_clip()


@pytest.fixture(scope="module")
def finished(clip, tmp_path_factory):
    pixels, phantom, spacing_mm = clip
    out = tmp_path_factory.mktemp("out")
    options = {
        "fps": 25,
        "spacing_mm": spacing_mm,
        "view": "4CH",
        "formats": ("nifti", "png", "npz"),
        "save_prob": True,
    }
    return gdkvm_monai.segment(pixels, out=out, pipeline=gray_level_pipeline(), **options), out, options


def test_masks_volumes_and_phases_match_the_phantom(clip, finished):
    pixels, phantom, _ = clip
    result = finished[0]
    np.testing.assert_array_equal(result.mask, pixels // LEVELS)
    beat = result.measurements.beats[0]
    assert beat.ed_frame <= 2 and abs(beat.es_frame - phantom.end_systole_s * 25) <= 2
    assert abs(result.ef_percent - phantom.ef_percent) < 6  # a single plane of a heart that is no body of revolution
    assert beat.edv_ml == pytest.approx(phantom.edv_ml, rel=0.2)
    assert beat.sv_ml == pytest.approx(beat.edv_ml - beat.esv_ml, abs=1e-3)
    assert result.measurements.method.id == "single-plane-a4c-mod-v1"


def test_areas_and_times_are_in_the_columns(clip, finished):
    pixels, _, spacing_mm = clip
    frames = finished[0].frames
    lv = (pixels == LEVELS).sum(axis=(0, 1))
    np.testing.assert_array_equal(frames.area_px["LV"], lv)
    np.testing.assert_allclose(frames.area_cm2["LV"], lv * np.prod(spacing_mm) / 100, atol=1e-3)
    np.testing.assert_allclose(frames.time_s, np.arange(len(lv)) / 25)
    assert all(frames.valid) and max(frames.lv_volume_relative) == 1
    es_frames = np.flatnonzero(frames.end_systole)
    assert tuple(es_frames) == finished[0].measurements.phases.es_frames


def test_the_measurements_match_the_published_schema(finished):
    jsonschema.validate(json.loads((finished[0].folder / "measurements.json").read_text()), measurements_schema())


def test_the_folder_is_complete_and_named_after_the_hash(finished):
    result, out, _ = finished
    assert [path.name for path in out.iterdir()] == [result.clip_id]
    names = {path.name for path in result.folder.iterdir()}
    assert names == {
        *("mask.nii.gz", "masks", "mask.npz", "probabilities.npy", "overlay.gif", "contact_sheet.png"),
        *("frames.csv", "measurements.json", "report.html", "run.json"),
    }
    assert read_measurements(result.folder / "measurements.json") == result.measurements
    assert read_results(result.folder) == ClipResults(result.measurements, result.frames, result.provenance)


def test_probabilities_agree_with_the_masks(clip, finished):
    probabilities = np.load(finished[0].folder / "probabilities.npy")
    assert probabilities.shape == (4, *clip[0].shape) and probabilities.dtype == np.float16
    np.testing.assert_array_equal(probabilities.argmax(0), finished[0].mask)


def test_finished_results_are_read_and_not_computed_again(clip, finished):
    result, out, options = finished
    before = (result.folder / "mask.nii.gz").stat().st_mtime_ns
    again = gdkvm_monai.segment(clip[0], out=out, pipeline=gray_level_pipeline(), **options)
    assert again.measurements == result.measurements and again.frames == result.frames
    assert (result.folder / "mask.nii.gz").stat().st_mtime_ns == before


def test_results_of_other_options_are_not_reused(clip, finished, tmp_path):
    _, out, options = finished
    with pytest.raises(FileExistsError, match="holds results of other weights or options; set overwrite"):
        gdkvm_monai.segment(clip[0], out=out, pipeline=gray_level_pipeline(), **{**options, "view": "2CH"})
    foreign = tmp_path / finished[0].clip_id
    foreign.mkdir()
    with pytest.raises(FileExistsError, match="holds no finished results"):
        gdkvm_monai.segment(clip[0], out=tmp_path, pipeline=gray_level_pipeline(), **options)


def test_overwrite_replaces_results(clip, tmp_path):
    for view in ("4CH", "2CH"):
        result = gdkvm_monai.segment(
            clip[0][..., :3], out=tmp_path, pipeline=gray_level_pipeline(), overwrite=True, fast=True, view=view
        )
    assert json.loads((result.folder / "measurements.json").read_text())["clip"]["view"] == "2CH"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_pixel_spacing_there_is_an_ejection_fraction_but_no_volume(clip):
    result = gdkvm_monai.segment(clip[0], pipeline=gray_level_pipeline(), fast=True)
    assert result.ef_percent is not None and result.measurements.clip.spacing_trust == "absent"
    assert {beat.edv_ml for beat in (*result.measurements.beats, result.measurements.mean)} == {None}
    assert set(result.frames.area_cm2["LV"]) == {None}
    assert result.measurements.phases.heart_rate_bpm is None and set(result.frames.time_s) == {None}
    jsonschema.validate(json.loads(result.measurements.to_json()), measurements_schema())
    assert result.folder is None and result.mask.shape == clip[0].shape


@pytest.mark.parametrize("frames", [1, 2])
def test_a_still_image_has_a_mask_but_no_ejection_fraction(clip, frames, tmp_path):
    still = clip[0][..., :1].repeat(frames, axis=-1)
    result = gdkvm_monai.segment(still, out=tmp_path, pipeline=gray_level_pipeline())
    assert result.mask.any() and result.ef_percent is None
    assert result.measurements.ef_withheld
    assert {"ef_withheld", "less_than_one_beat"} <= codes(result)
    jsonschema.validate(json.loads(result.measurements.to_json()), measurements_schema())


def test_the_interval_is_the_range_over_the_perturbed_copies(finished):
    interval, mean = finished[0].measurements.interval, finished[0].measurements.mean
    for name in ("ef_percent", "edv_ml", "esv_ml"):
        low, high = getattr(interval, name)
        assert low - 1e-3 <= getattr(mean, name) <= high + 1e-3  # each is rounded
    assert "2 perturbed copies" in interval.method
    assert finished[0].measurements.confidence.min > 0.95


def test_black_and_non_finite_frames_get_empty_masks_and_are_reported(clip):
    pixels = clip[0].astype(np.float32)
    pixels[..., 4], pixels[3, 3, 7] = 0, np.nan
    result = gdkvm_monai.segment(pixels, pipeline=gray_level_pipeline(), fast=True)
    assert not result.mask[..., [4, 7]].any() and result.mask[..., 5].any()
    assert [t for t, valid in enumerate(result.frames.valid) if not valid] == [4, 7]
    assert "invalid_frames" in codes(result)
    np.testing.assert_array_equal(np.delete(result.mask, [4, 7], -1), np.delete(clip[0], [4, 7], -1) // LEVELS)


def test_an_empty_clip_has_no_measurements():
    result = gdkvm_monai.segment(np.zeros((32, 32, 4), np.uint8), pipeline=gray_level_pipeline())
    assert result.ef_percent is None and result.measurements.clip.valid_frames == 0
    jsonschema.validate(json.loads(result.measurements.to_json()), measurements_schema())


@pytest.mark.parametrize(("structures", "values"), [(("LV",), {0, 1}), (("MYO", "LA"), {0, 2, 3})])
def test_structures_that_were_not_requested_are_background_and_change_no_number(clip, structures, values):
    every, some = (
        gdkvm_monai.segment(clip[0], pipeline=gray_level_pipeline(), fast=True, spacing_mm=(0.5, 0.5), **options)
        for options in ({}, {"structures": structures})
    )
    assert set(np.unique(some.mask)) == values
    assert some.measurements == replace(every.measurements, structures=structures) and some.frames == every.frames


def test_other_gray_levels_are_scaled_and_the_scale_is_recorded(clip):
    scaled = gdkvm_monai.segment(clip[0].astype(np.int16) * 16 - 500, pipeline=gray_level_pipeline(), fast=True)
    np.testing.assert_array_equal(scaled.mask, clip[0] // LEVELS)
    assert scaled.provenance.intensity_low == pytest.approx(-500, abs=1)
    assert scaled.provenance.intensity_high == pytest.approx(255 * 16 - 500, abs=1)
    as_it_is = gdkvm_monai.segment(clip[0], pipeline=gray_level_pipeline(), fast=True)
    assert as_it_is.provenance.intensity_low is None


def test_an_error_leaves_nothing_behind(clip, tmp_path, monkeypatch):
    def fail(*arguments, **keywords):
        raise OSError("no space left on device")

    monkeypatch.setattr("gdkvm_monai.study.outputs.write_contact_sheet", fail)
    with pytest.raises(OSError, match="no space left"):
        gdkvm_monai.segment(clip[0][..., :2], out=tmp_path, pipeline=gray_level_pipeline(), fast=True)
    assert not list(tmp_path.iterdir())


def test_segmentation_opens_no_network_connection(clip, tmp_path, monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    gdkvm_monai.segment(clip[0][..., :3], out=tmp_path, pipeline=gray_level_pipeline(), fast=True)


def test_the_mask_file_has_the_grid_of_a_nifti_clip(clip, tmp_path):
    affine = np.array([[0, -0.4, 0, 3], [-0.3, 0, 0, 7], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    nibabel.save(nibabel.Nifti1Image(clip[0][..., :3], affine), tmp_path / "clip.nii.gz")
    result = gdkvm_monai.segment(tmp_path / "clip.nii.gz", out=tmp_path, pipeline=gray_level_pipeline(), fast=True)
    mask = nibabel.load(result.folder / "mask.nii.gz")
    np.testing.assert_allclose(mask.affine, affine, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(mask.dataobj), clip[0][..., :3] // LEVELS)
    assert result.measurements.clip.spacing_mm == pytest.approx([0.3, 0.4])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fps": 0}, ValueError, "fps is 0"),
        ({"formats": ("dicom-seg",)}, ValueError, "the clip is not DICOM"),
        ({"structure": ("LV",)}, TypeError, "no option 'structure'; did you mean 'structures'"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_computed(clip, options, error, message, tmp_path):
    with pytest.raises(error, match=message):
        gdkvm_monai.segment(clip[0], out=tmp_path, pipeline=gray_level_pipeline(), **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (torch.from_numpy, TypeError, "torch.Tensor"),
        (lambda clip: np.moveaxis(clip, -1, 0), ValueError, "frames of"),
        (lambda clip: clip / 255, ValueError, "multiply it by 255"),
    ],
)
def test_an_array_that_looks_wrong_is_refused_before_anything_is_computed(clip, change, error, message, tmp_path):
    with pytest.raises(error, match=message):
        gdkvm_monai.segment(change(clip[0]), out=tmp_path, pipeline=gray_level_pipeline())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"weights": gray_level_pipeline()}, TypeError, "weights is a Pipeline, expected a path; pass it as pipeline="),
        ({"weights": 3}, TypeError, "weights is a int, expected a path"),
        ({"pipeline": "model.pt"}, TypeError, "pipeline is a str"),
        ({"pipeline": gray_level_pipeline(), "weights": "model.pt"}, ValueError, "both pipeline and weights are given"),
        ({"pipeline": gray_level_pipeline(), "configs": ["a.yaml"]}, ValueError, "both pipeline and configs"),
        ({"pipeline": gray_level_pipeline(), "device": "cpu"}, ValueError, "both pipeline and device"),
    ],
)
def test_a_pipeline_and_its_parts_are_not_confused(arguments, error, message, clip):
    with pytest.raises(error, match=message):
        gdkvm_monai.segment(clip[0], **arguments)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 0), (4, 4, 3, 2)])
def test_an_array_that_is_not_a_clip_is_refused(shape):
    with pytest.raises(ClipReadError, match=r"expected a gray clip \(H, W, T\)"):
        gdkvm_monai.segment(np.zeros(shape), pipeline=gray_level_pipeline())


def codes(result) -> set[str]:
    return set(result.measurements.quality.codes)
