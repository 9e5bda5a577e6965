"""An edited mask or marked phases give the numbers of a clip segmented like that, and no first version is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK

import gdkvm_monai
from gdkvm_monai.study.biplane import measure_biplane
from gdkvm_monai.study.corrected_folder import ORIGINAL
from gdkvm_monai.study.measurements import Interval
from gdkvm_monai.study.remeasure import remeasure
from gdkvm_monai.study.results_folder import read_results
from gdkvm_monai.study.segmentation import SegmentationResult
from gdkvm_monai.study.stills import Stills
from tests.study.gray_level_network import LEVELS, gray_level_pipeline, label_clip
from tests.study.tiny_command import write_label_clip

OPTIONS = {"fps": 12.5, "view": "4CH", "fast": True, "overlay": "none"}


@pytest.fixture(scope="module")
def clip():
    return label_clip(size=(64, 64), frame_rate_hz=12.5)


def segmented(clip, out: Path, **options) -> Path:
    pixels, _, spacing_mm = clip
    chosen = {**OPTIONS, "spacing_mm": spacing_mm, **options}
    return gdkvm_monai.segment(pixels, out=out, pipeline=gray_level_pipeline(), **chosen).folder


@pytest.fixture(scope="module")
def finished(clip, tmp_path_factory) -> Path:
    return segmented(clip, tmp_path_factory.mktemp("finished"))


@pytest.fixture()
def result(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "out" / finished.name))


@pytest.fixture()
def edited(clip, result, tmp_path) -> Path:
    """The same masks with ventricles that are narrower by two pixels on one side."""
    image = nibabel.load(result / "mask.nii.gz")
    mask = np.asarray(image.dataobj).copy()
    columns = np.arange(64)[:, None, None]
    first = (mask == 1).argmax(axis=0)
    mask[(mask == 1) & (columns < first + 2)] = 2
    nibabel.save(nibabel.Nifti1Image(mask, image.affine), tmp_path / "edited.nii.gz")
    return tmp_path / "edited.nii.gz"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def mask_of(folder: Path) -> np.ndarray:
    return np.asarray(nibabel.load(folder / "mask.nii.gz").dataobj)


def test_masks_without_an_edit_are_refused(result, tmp_path):
    copy, before = tmp_path / "copy.nii.gz", files(result)
    copy.write_bytes((result / "mask.nii.gz").read_bytes())
    with pytest.raises(ValueError, match="copy.nii.gz holds the masks of the results without an edit"):
        remeasure(result, copy, ed_frames=[3])
    assert files(result) == before


def test_an_edit_changes_the_numbers_of_its_frame_alone_and_removes_its_confidence(clip, tmp_path):
    result = segmented(clip, tmp_path / "out", fast=False)
    before, image = read_results(result), nibabel.load(result / "mask.nii.gz")
    mask = np.asarray(image.dataobj).copy()
    phases = before.measurements.phases
    frame = next(frame for frame in range(mask.shape[-1]) if frame not in phases.ed_frames + phases.es_frames)
    mask[(*np.argwhere(mask[..., frame] == 1)[0], frame)] = 2
    nibabel.save(nibabel.Nifti1Image(mask, image.affine), tmp_path / "edited.nii.gz")
    after = remeasure(result, tmp_path / "edited.nii.gz")
    others = [other for other in range(mask.shape[-1]) if other != frame]
    for name in ("confidence", "lv_volume_ml", "time_s"):
        kept, known = getattr(after.frames, name), getattr(before.frames, name)
        assert [kept[other] for other in others] == [known[other] for other in others]
    assert after.frames.confidence[frame] is None is not before.frames.confidence[frame]
    assert after.measurements.confidence.mean is not None
    assert after.measurements.interval == before.measurements.interval != Interval(None, None, None, "not computed")
    assert after.measurements.clip == before.measurements.clip
    assert after.measurements.edited == "masks" and before.measurements.edited == ""


def test_edited_masks_give_the_numbers_of_a_clip_with_these_masks(clip, result, edited, tmp_path):
    mask = np.asarray(nibabel.load(edited).dataobj)
    expected = read_results(segmented(((mask * LEVELS).astype(np.uint8), *clip[1:]), tmp_path / "expected"))
    before, after = read_results(result), remeasure(result, edited)
    assert after.measurements.beats == expected.measurements.beats != before.measurements.beats
    assert after.measurements.dimensions == expected.measurements.dimensions != before.measurements.dimensions
    assert after.frames.lv_volume_ml == expected.frames.lv_volume_ml
    np.testing.assert_array_equal(mask_of(result), mask)
    assert read_results(result) == after
    assert "masks edited by hand" in after.measurements.method.description
    assert after.measurements.confidence.mean is None and after.measurements.interval.ef_percent is None
    assert after.provenance.edited.mask_sha256 and after.provenance.weights == before.provenance.weights
    page = (result / "report.html").read_text()
    assert "masks edited by hand" in page and after.provenance.edited.mask_sha256 in page


def test_the_first_version_of_every_file_is_kept_through_two_corrections(result, edited):
    before = files(result)
    remeasure(result, edited)
    once = files(result)
    assert {name: once[f"{ORIGINAL}/{name}"] for name in before} == before
    assert all(once[name] != before[name] for name in before)
    remeasure(result, ed_frames=[1], es_frames=[9])
    twice = files(result)
    assert {name: twice[f"{ORIGINAL}/{name}"] for name in before} == before
    assert twice["mask.nii.gz"] == once["mask.nii.gz"] and twice["measurements.json"] != once["measurements.json"]
    assert set(twice) == set(once) == {*before, *(f"{ORIGINAL}/{name}" for name in before)}


@pytest.mark.parametrize(("structure", "label", "missing"), [("MYO", 2, "myocardium"), ("LA", 3, "left atrium")])
def test_a_structure_that_was_erased_from_all_frames_is_reported_again_and_again(
    structure, label, missing, result, tmp_path
):
    image = nibabel.load(result / "mask.nii.gz")
    mask = np.asarray(image.dataobj).copy()
    assert (mask == label).any()
    mask[mask == label] = 0
    nibabel.save(nibabel.Nifti1Image(mask, image.affine), tmp_path / "erased.nii.gz")
    for edit in ({"mask": tmp_path / "erased.nii.gz"}, {"find_phases": True}):
        after = remeasure(result, **edit)
        assert not any(after.frames.area_px[structure]) and after.measurements.quality.verdict != "good"
        messages = [reason.message for reason in after.measurements.quality.reasons if reason.code == "anatomy"]
        assert any(message.startswith(f"the {missing} is missing") for message in messages)


def test_a_structure_that_the_network_never_showed_is_not_missed(clip, tmp_path):
    pixels = np.where(clip[0] == 3 * LEVELS, 0, clip[0])
    folder = segmented((pixels, *clip[1:]), tmp_path / "out")
    after = remeasure(folder, ed_frames=read_results(folder).measurements.phases.ed_frames)
    reasons = after.measurements.quality.reasons
    assert not any(after.frames.area_px["LA"]) and not any("atrium is missing" in reason.message for reason in reasons)


def test_marked_frames_win_and_stay_until_they_are_forgotten(result, edited):
    before = read_results(result).measurements
    marked = remeasure(result, ed_frames=[3], es_frames=[7]).measurements
    assert (marked.phases.ed_frames, marked.phases.es_frames) == ((3,), (7,)) != before.phases.ed_frames
    assert [(beat.ed_frame, beat.es_frame) for beat in marked.beats] == [(3, 7)] and marked.edited == "phases"
    assert marked.method.description.count("marked by hand") == 1
    both = remeasure(result, edited).measurements
    assert both.phases.ed_frames == (3,) and both.edited == "masks and phases"
    again = remeasure(result, find_phases=True).measurements
    assert again.phases.ed_frames == before.phases.ed_frames and again.edited == "masks"


@pytest.mark.parametrize("with_clip", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_dicom_results_are_written_again_for_the_same_clip(with_clip, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("highdicom")
    path = tmp_path / "clip.dcm"
    write_label_clip(path, "dicom", size=(40, 40))
    options = {"formats": ("nifti", "dicom-seg", "dicom-sr"), "fast": True, "overlay": "none", "view": "4CH"}
    folder = gdkvm_monai.segment(path, out=tmp_path / "out", pipeline=gray_level_pipeline(), **options).folder
    image = nibabel.load(folder / "mask.nii.gz")
    mask = np.asarray(image.dataobj).copy()
    mask[:, :, 5] = np.roll(mask[:, :, 5], 1, axis=0)
    nibabel.save(nibabel.Nifti1Image(mask, image.affine), tmp_path / "edited.nii.gz")
    seg, sr = (pydicom.dcmread(folder / name) for name in ("seg.dcm", "sr.dcm"))
    remeasure(folder, tmp_path / "edited.nii.gz", es_frames=[9], clip=path if with_clip else None)
    new_seg, new_sr = (pydicom.dcmread(folder / name) for name in ("seg.dcm", "sr.dcm"))
    source = pydicom.dcmread(path)
    for old, new in ((seg, new_seg), (sr, new_sr)):
        assert new.SOPInstanceUID != old.SOPInstanceUID and new.StudyInstanceUID == source.StudyInstanceUID
        assert (new.PatientName, new.PatientID) == (source.PatientName, source.PatientID)
    assert {item.SegmentAlgorithmType for item in new_seg.SegmentSequence} == {"SEMIAUTOMATIC"}
    assert new_seg.ReferencedSeriesSequence == seg.ReferencedSeriesSequence
    count = mask.shape[-1]
    planes = new_seg.pixel_array[:count].astype(bool)  # frames of the first segment
    np.testing.assert_array_equal(planes, np.moveaxis(mask == 1, (2, 1, 0), (0, 1, 2)))
    said = [[item.value for item in report.iterall() if item.keyword == "TextValue"] for report in (sr, new_sr)]
    assert ["masks edited by hand" in " ".join(texts) for texts in said] == [False, True]
    assert source.SOPInstanceUID in [item.value for item in new_sr.iterall() if item.VR == "UI"]


def test_an_interrupted_correction_is_completed_by_whoever_reads_the_results(result, edited, monkeypatch):
    before = files(result)
    monkeypatch.setattr("gdkvm_monai.study.corrected_folder.finish_replacement", lambda folder: None)
    remeasure(result, edited)  # stops when all files are written and none has moved
    monkeypatch.undo()
    assert {name: content for name, content in files(result).items() if "/" not in name} == before
    assert read_results(result).measurements.edited == "masks"
    assert files(result / ORIGINAL) == before and not list(result.glob(".*"))


def test_nothing_changes_if_the_correction_is_refused(result, edited, tmp_path):
    before = files(result)
    other = tmp_path / "other.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 4, 3), np.uint8), np.eye(4)), other)
    image, exchanged = nibabel.load(edited), tmp_path / "exchanged.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj).swapaxes(0, 1), image.affine), exchanged)
    for arguments, message in (
        ({"mask": exchanged}, "exchanged.nii.gz has .* with its first two axes exchanged"),
        ({}, "nothing to measure again"),
        ({"mask": other}, "another grid"),
        ({"mask": tmp_path / "absent.nii.gz"}, "absent.nii.gz"),
        ({"mask": result / "mask.nii.gz"}, "belongs to the results and is unchanged"),
        ({"mask": edited, "ed_frames": [999]}, "frame 999 is marked as end-diastole"),
        ({"ed_frames": [3], "es_frames": [3]}, "frame 3 is marked as end-diastole and as end-systole"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            remeasure(result, **arguments)
        assert files(result) == before
    with pytest.raises(FileExistsError, match="holds no finished results"):
        remeasure(tmp_path, edited)


def test_a_folder_that_gdkvm_did_not_write_is_named_without_advice_to_overwrite_it(tmp_path):
    (tmp_path / "notes.txt").write_text("not a result")
    with pytest.raises(FileExistsError, match="expected the folder of one clip") as caught:
        remeasure(tmp_path, find_phases=True)
    assert str(tmp_path) in str(caught.value) and "overwrite" not in str(caught.value)


def test_a_mask_that_was_edited_in_place_is_not_taken_for_the_original(result, edited):
    (result / "mask.nii.gz").write_bytes(edited.read_bytes())
    with pytest.raises(ValueError, match="mask.nii.gz was changed after it was measured"):
        remeasure(result, edited)


def test_results_without_pictures_need_the_clip(clip, tmp_path):
    folder = segmented(clip, tmp_path, report=False)
    with pytest.raises(ValueError, match="they have no report.*--clip"):
        remeasure(folder, ed_frames=[0])


def test_the_clip_makes_up_for_what_the_results_do_not_keep(clip, tmp_path):
    np.save(tmp_path / "clip.npy", clip[0])
    options = {**OPTIONS, "spacing_mm": clip[2], "report": False, "overlay": "gif"}
    folder = gdkvm_monai.segment(tmp_path / "clip.npy", out=tmp_path, pipeline=gray_level_pipeline(), **options).folder
    before = files(folder)
    after = remeasure(folder, es_frames=[5], clip=tmp_path / "clip.npy")
    assert after.measurements.phases.es_frames == (5,) and after.provenance.edited.pictures == "the clip"
    assert (folder / "overlay.gif").read_bytes() == before["overlay.gif"]  # same pictures, same masks
    np.save(tmp_path / "clip.npy", clip[0][::-1])
    with pytest.raises(ValueError, match="clip.npy is not the clip that was measured"):
        remeasure(folder, es_frames=[5], clip=tmp_path / "clip.npy")


def test_edited_results_are_neither_computed_again_nor_overwritten(clip, result, edited):
    after = remeasure(result, edited)
    pixels, _, spacing_mm = clip
    options = {"out": result.parent, "pipeline": gray_level_pipeline(), "spacing_mm": spacing_mm, **OPTIONS}
    assert gdkvm_monai.segment(pixels, **options).measurements == after.measurements
    with pytest.raises(FileExistsError, match="edited by hand"):
        gdkvm_monai.segment(pixels, overwrite=True, **options)
    assert json.loads((result / "measurements.json").read_text())["edited"] == "masks"


def test_labels_outside_the_ultrasound_region_are_refused(tmp_path):
    pydicom = pytest.importorskip("pydicom")
    write_label_clip(tmp_path / "clip.dcm", "dicom", beats=0.3)
    data = pydicom.dcmread(tmp_path / "clip.dcm")
    data.SequenceOfUltrasoundRegions[0].RegionLocationMinX0 = 5
    data.save_as(tmp_path / "clip.dcm")
    options = {"pipeline": gray_level_pipeline(), "fast": True, "overlay": "none"}
    folder = gdkvm_monai.segment(tmp_path / "clip.dcm", out=tmp_path / "out", **options).folder
    image = nibabel.load(folder / "mask.nii.gz")
    mask = np.asarray(image.dataobj).copy()
    assert remeasure(folder, ed_frames=[0]).provenance.region[0] == 5
    mask[2:4, 7, 1] = 1
    nibabel.save(nibabel.Nifti1Image(mask, image.affine), tmp_path / "edited.nii.gz")
    with pytest.raises(ValueError, match="2 labeled pixels are outside the ultrasound region"):
        remeasure(folder, tmp_path / "edited.nii.gz")


@pytest.mark.slow
def test_expert_masks_give_the_recorded_biplane_volumes_of_a_patient(real_data, tmp_path):
    patient, results = real_data / "camus_mhd" / "patient0001", {}
    for view in ("4CH", "2CH"):
        stills = Stills(*(patient / f"patient0001_{view}_{phase}.mhd" for phase in ("ED", "ES")))
        options = {"view": view, "fast": True, "report": False, "overlay": "none", "pipeline": gray_level_pipeline()}
        folder = gdkvm_monai.segment(stills, out=tmp_path, **options).folder
        expert = [SimpleITK.ReadImage(str(path.with_name(f"{path.stem}_gt.mhd"))) for path in stills]
        mask = np.stack([SimpleITK.GetArrayFromImage(image).squeeze().T for image in expert], axis=-1)
        image = nibabel.Nifti1Image(mask, nibabel.load(folder / "mask.nii.gz").affine)
        nibabel.save(image, tmp_path / "expert.nii.gz")
        reordered = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(tmp_path / "expert.nii.gz")), "RAS")
        SimpleITK.WriteImage(reordered, str(tmp_path / "expert.nrrd"))
        results[view] = replace_mask(folder, tmp_path / "expert.nrrd", stills)
    recorded = dict(line.split(": ") for line in (patient / "Info_4CH.cfg").read_text().splitlines() if ": " in line)
    measured = measure_biplane(results)
    assert measured.edv_ml == pytest.approx(float(recorded["LVedv"]), abs=2)
    assert measured.esv_ml == pytest.approx(float(recorded["LVesv"]), abs=2)
    assert measured.ef_percent == pytest.approx(float(recorded["LVef"]), abs=2)


def replace_mask(folder: Path, mask: Path, clip: Stills) -> SegmentationResult:
    return SegmentationResult(**vars(remeasure(folder, mask, clip=clip)), folder=folder)
