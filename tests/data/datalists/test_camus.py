"""CAMUS as it is distributed, from phantoms in its layout, from files made on the spot, and from the real release."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from monai.transforms import Compose, LoadImaged

from gdkvm_monai.data import ClipReader, camus_datalist
from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.transforms import CheckClipd, FromEDToESd, PlaceLabelFramesd

KEYS = ("image", "label")
LOAD = LoadImaged(KEYS, reader=ClipReader(), ensure_channel_first=True)
PREPARE = Compose([LOAD, PlaceLabelFramesd("label"), CheckClipd(), FromEDToESd(KEYS)])


def quiet(*args, **kwargs) -> list[dict]:
    return camus_datalist(*args, report=None, **kwargs)


def lv_areas(item: dict) -> list[int]:
    """Pixels of the cavity in every frame of an item."""
    return (item["label"][0] == LV).sum(dim=(0, 1)).tolist()


@pytest.fixture
def copy(phantom_root, tmp_path) -> Path:
    """A copy of the phantoms that a test may damage."""
    return Path(shutil.copytree(phantom_root, tmp_path / "camus"))


@pytest.fixture
def original_release(tmp_path) -> Path:
    """One patient of the original release: both views in MetaImage files, a cine of six frames, ES first in 4CH."""
    folder = tmp_path / "patient0007"
    folder.mkdir()
    for view, ed, es in (("2CH", 1, 6), ("4CH", 6, 1)):
        cine = np.random.default_rng(0).integers(0, 200, (16, 24, 6), dtype=np.uint8)
        label = np.zeros((16, 24, 6), np.uint8)
        for frame in range(6):  # the cavity shrinks from ED to ES
            label[2 : 14 - abs(frame + 1 - ed), 2:20, frame] = LV
        (folder / f"Info_{view}.cfg").write_text(f"ED: {ed}\nES: {es}\nNbFrame: 6\nImageQuality: Good\nLVef: 63.2\n")
        stem = f"{folder.name}_{view}"
        write_mhd(folder / f"{stem}_sequence.mhd", cine)
        for name, frame in (("ED", ed - 1), ("ES", es - 1)):
            write_mhd(folder / f"{stem}_{name}.mhd", cine[..., frame : frame + 1])
            write_mhd(folder / f"{stem}_{name}_gt.mhd", label[..., frame : frame + 1])
    return tmp_path


def write_mhd(path: Path, pixels: np.ndarray) -> None:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(pixels.T))
    image.SetSpacing((0.308, 0.154, 1.54))
    SimpleITK.WriteImage(image, str(path))


@pytest.mark.parametrize(("section", "patients"), [("training", 3), ("validation", 2), ("testing", 1), ("all", 6)])
def test_a_section_lists_both_views_of_its_official_patients(phantom_root, section, patients):
    items = quiet(phantom_root, section)
    assert len(items) == 2 * patients
    assert [item["view"] for item in items] == ["2CH", "4CH"] * patients
    if section != "all":
        listed = (phantom_root / "database_split" / f"subgroup_{section}.txt").read_text().split()
        assert list(dict.fromkeys(item["patient"] for item in items)) == listed


def test_the_sections_share_no_patient(phantom_root):
    sections = [{item["patient"] for item in quiet(phantom_root, s)} for s in ("training", "validation", "testing")]
    assert sum(map(len, sections)) == len(set.union(*sections)) == 6


@pytest.mark.parametrize("views", ["4CH", ["4CH"], ("a4c",)])
def test_a_single_view_can_be_requested(phantom_root, views):
    items = quiet(phantom_root, views=views)
    assert [item["view"] for item in items] == ["4CH"] * 3
    assert all("4CH" in item["image"] and "4CH" in item["label"] for item in items)


def test_half_sequences_are_whole_files_with_a_label_for_every_frame(phantom_root):
    for item in quiet(phantom_root):
        assert item["image"].endswith("_half_sequence.nii.gz") and item["label"].endswith("_half_sequence_gt.nii.gz")
        assert "label_frames" not in item
        loaded = LOAD(item)
        assert loaded["image"].shape == loaded["label"].shape and loaded["image"].shape[-1] in (4, 5, 6)
        assert {item["ed_frame"], item["es_frame"]} == {0, loaded["image"].shape[-1] - 1}


def test_stills_are_clips_of_two_frames_ed_first(phantom_root):
    for item in quiet(phantom_root, clips="stills"):
        assert [Path(name).name.split("_")[2] for name in item["image"]] == ["ED.nii.gz", "ES.nii.gz"]
        assert (item["ed_frame"], item["es_frame"]) == (0, 1)
        prepared = PREPARE(item)
        assert prepared["image"].shape == prepared["label"].shape == (1, 64, 64, 2)
        assert lv_areas(prepared)[0] > lv_areas(prepared)[1]


def test_clips_that_run_from_es_to_ed_are_reversed_with_their_labels(phantom_root):
    orders = set()
    for item in quiet(phantom_root, "all"):
        orders.add(item["ed_frame"] < item["es_frame"])
        raw, prepared = LOAD(item), PREPARE(item)
        areas = lv_areas(prepared)
        assert areas[0] == max(areas) > areas[-1] == min(areas)
        assert (prepared["ed_frame"], prepared["es_frame"]) == (0, len(areas) - 1)
        for key in KEYS:  # the same frames in the other order, nothing else
            turned = raw[key].flip(-1) if item["ed_frame"] > item["es_frame"] else raw[key]
            np.testing.assert_array_equal(prepared[key].numpy(), turned.numpy())
    assert orders == {True, False}


def test_half_sequences_and_stills_show_the_same_ed_and_es(phantom_root):
    for whole, pair in zip(quiet(phantom_root), quiet(phantom_root, clips="stills")):
        whole, pair = PREPARE(whole), PREPARE(pair)
        for key in KEYS:
            np.testing.assert_array_equal(whole[key][..., [0, -1]].numpy(), pair[key].numpy())


def test_without_a_half_sequence_the_stills_are_used(copy):
    for path in copy.glob("database_nifti/patient0001/*_2CH_half_sequence_gt.nii.gz"):
        path.unlink()
    first, second = quiet(copy)[:2]
    assert isinstance(first["image"], list) and isinstance(second["image"], str)


def test_a_release_with_stills_only_says_so_in_one_line(copy):
    reports = []
    camus_datalist(copy, report=reports.append)
    assert "stills" not in reports[0]
    for path in copy.glob("database_nifti/*/*_half_sequence*"):
        path.unlink()
    camus_datalist(copy, report=reports.append)
    camus_datalist(copy, clips="stills", report=reports.append)
    assert len(reports[1].splitlines()) == 2 and "ED and ES stills" in reports[1] and "light.yaml" in reports[1]
    assert len(reports[2].splitlines()) == 1


def test_many_clips_left_out_are_counted_and_the_first_ones_named(copy):
    for path in copy.glob("database_nifti/*/*_2CH_*"):
        path.unlink()
    split = copy / "database_split" / "subgroup_training.txt"
    split.write_text(split.read_text() + "".join(f"\npatient1{i:03}" for i in range(200)))
    reports = []
    camus_datalist(copy, report=reports.append)
    lines = reports[0].splitlines()
    assert "403 left out" in lines[0] and len(lines) == 7 and lines[-1].strip() == "and 398 more"


def test_a_missing_patient_is_reported_and_the_others_are_listed(copy):
    shutil.rmtree(copy / "database_nifti" / "patient0002")
    reports = []
    items = camus_datalist(copy, report=reports.append)
    assert {item["patient"] for item in items} == {"patient0001", "patient0003"}
    (report,) = reports
    assert report.startswith("CAMUS training: 4 clips of 3 patients, 2 left out")
    assert "patient0002 2CH: folder" in report and "patient0002 4CH: folder" in report


@pytest.mark.parametrize("lost", ["ED", "ES", "ED_gt", "ES_gt"])
def test_a_clip_with_a_file_missing_is_reported_by_the_name_of_the_file(copy, lost):
    (copy / "database_nifti" / "patient0001" / f"patient0001_4CH_{lost}.nii.gz").unlink()
    reports = []
    items = camus_datalist(copy, clips="stills", report=reports.append)
    assert len(items) == 5
    assert f"patient0001: patient0001_4CH_{lost}.nii.gz is missing" in reports[0]


def test_a_complete_section_is_reported_as_such(phantom_root, capsys):
    camus_datalist(phantom_root, "validation")
    assert capsys.readouterr().out == "CAMUS validation: 4 clips of 2 patients, 0 left out\n"
    quiet(phantom_root, "validation")
    assert capsys.readouterr().out == ""


def test_a_missing_folder_is_an_error_that_says_what_is_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent is not a directory; set dataset_dir to a CAMUS release with"):
        quiet(tmp_path / "absent")


def test_a_missing_list_of_patients_is_an_error_with_a_remedy(copy):
    (copy / "database_split" / "subgroup_testing.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"subgroup_testing\.txt does not exist; .*use section 'all'"):
        quiet(copy, "testing")
    assert len(quiet(copy, "all")) == 12


def test_folders_and_files_in_other_letters_are_the_same_patients(copy):
    expected = camus_datalist(copy, "all", report=None)
    patient = copy / "database_nifti" / "patient0001"
    for file in [*patient.iterdir()]:
        file.rename(patient / file.name.replace("patient", "PATIENT").replace("Info", "info"))
    patient.rename(patient.with_name("Patient0001"))
    found = camus_datalist(copy, "all", report=None)
    assert [item["patient"].lower() for item in found] == [item["patient"] for item in expected]
    assert [item["ef_percent"] for item in found] == [item["ef_percent"] for item in expected]
    assert all(Path(item["image"]).is_file() for item in found)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no 2CH/4CH clip for section all .*expected database_nifti"):
        quiet(tmp_path, "all")


def test_a_section_without_any_clip_is_an_error_with_the_first_reason(copy):
    shutil.rmtree(copy / "database_nifti" / "patient0006")
    with pytest.raises(
        FileNotFoundError, match=r"no 4CH clip for section testing .*patient0006 4CH: folder .* is missing"
    ):
        quiet(copy, "testing", views="4CH")


@pytest.mark.parametrize("wrong", [{"section": "train"}, {"views": ["3CH"]}, {"clips": "cine"}])
def test_an_unknown_option_is_refused(phantom_root, wrong):
    with pytest.raises(ValueError, match="train|3CH|cine"):
        quiet(phantom_root, **wrong)


def test_the_original_release_labels_the_first_and_the_last_frame_of_its_cines(original_release):
    for item in quiet(original_release, "all"):
        assert item["image"].endswith("_sequence.mhd")
        assert item["label_frames"] == [item["ed_frame"], item["es_frame"]]
        prepared = PREPARE(item)
        assert prepared["image"].shape == prepared["label"].shape == (1, 16, 24, 6)
        assert (prepared["label"][..., 1:-1] == UNLABELED).all()
        areas = lv_areas(prepared)
        assert areas[0] > areas[-1] > 0  # also in 4CH, which runs from ES to ED


def test_a_header_without_its_cine_falls_back_to_the_stills(original_release):
    for path in original_release.glob("*/*_sequence.raw"):
        path.unlink()
    items = quiet(original_release, "all")
    assert [item["view"] for item in items] == ["2CH", "4CH"]
    for item in items:
        assert "label_frames" not in item and (item["ed_frame"], item["es_frame"]) == (0, 1)
        prepared = PREPARE(item)
        assert prepared["image"].shape == (1, 16, 24, 2)
        assert lv_areas(prepared)[0] > lv_areas(prepared)[1]
        spacing = prepared["image"].affine[:3, :2].norm(dim=0)
        np.testing.assert_allclose(spacing.numpy(), (0.308, 0.154), rtol=1e-6)


def test_a_cine_with_one_contour_missing_is_reported_and_not_called_unlabeled(original_release):
    (original_release / "patient0007" / "patient0007_2CH_ES_gt.mhd").unlink()
    reports = []
    items = camus_datalist(original_release, "all", report=reports.append)
    assert [item["view"] for item in items] == ["4CH"]
    assert "patient0007_2CH_ES_gt.mhd is missing" in reports[0]


# --- the real release, where it is at hand


def test_the_real_release_lists_every_training_and_validation_patient(real_data):
    reports = []
    items = camus_datalist(real_data / "camus", "training", views="4CH", report=reports.append)
    assert len(items) == 400
    assert reports[0].startswith("CAMUS training: 400 clips of 400 patients, 0 left out")
    assert len(quiet(real_data / "camus", "validation", views="4CH")) == 50


def test_real_cavities_are_larger_at_ed_than_at_es(real_data):
    items = quiet(real_data / "camus", "validation", views="4CH", clips="stills")
    for item in items[::12]:
        prepared = PREPARE(item)
        assert prepared["image"].shape == prepared["label"].shape and prepared["image"].shape[-1] == 2
        assert lv_areas(prepared)[0] > lv_areas(prepared)[1] > 1000
        spacing = prepared["image"].affine[:3, :2].norm(dim=0)
        np.testing.assert_allclose(spacing.numpy(), 0.308, rtol=1e-3)


def test_real_patients_of_the_original_release_are_read_with_their_anisotropic_spacing(real_data):
    items = quiet(real_data / "camus_mhd", "all")
    assert [(item["patient"][-1], item["view"]) for item in items] == [(p, v) for p in "123" for v in ("2CH", "4CH")]
    for item in items:
        assert 0 < item["ef_percent"] < 100 and item["edv_ml"] > item["esv_ml"] > 0
        prepared = PREPARE(item)
        spacing = prepared["image"].affine[:3, :2].norm(dim=0)
        np.testing.assert_allclose(spacing.numpy(), (0.308, 0.154), rtol=1e-6)
        assert lv_areas(prepared)[0] > lv_areas(prepared)[1]


def test_the_real_cine_is_a_clip_of_15_frames(real_data):
    path = real_data / "camus" / "database_nifti" / "patient0500" / "patient0500_2CH_half_sequence.nii.gz"
    pixels, affine = ClipReader().read(path)
    assert pixels.shape[-1] == 15 and 0 <= pixels.min() < 10 and 200 < pixels.max() <= 255
    np.testing.assert_allclose(np.abs(np.diag(affine)[:2]), 0.308, rtol=1e-3)


def test_unknown_phases_of_a_half_sequence_are_reported_and_not_guessed(phantom_root, tmp_path):
    root, reports = tmp_path / "camus", []
    shutil.copytree(phantom_root, root)
    (root / "database_nifti" / "patient0001" / "Info_4CH.cfg").unlink()
    items = camus_datalist(root, "training", views="4CH", report=reports.append)
    assert "patient0001" not in [item["patient"] for item in items]
    assert "patient0001_4CH: the Info file, which states" in reports[0]
