"""The clips of a folder, for inference."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdkvm_monai.data import folder_datalist
from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from tests.data.clip_files import write_frames


@pytest.fixture
def folder(tmp_path) -> Path:
    """Empty files with the names of clips and of other things."""
    names = [
        "b.nii.gz",
        "a.nii",
        "sub/C.MHD",
        "sub/C.raw",
        "sub/d.mha",
        "sub/e_half_sequence.nii.gz",
        "notes.txt",
        "f.png",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(items: list[dict]) -> list[str]:
    return [Path(item["image"]).name for item in items]


def test_every_clip_below_the_folder_is_listed_in_the_order_of_names_and_nothing_else(folder):
    items = folder_datalist(folder)
    assert names(items) == ["a.nii", "b.nii.gz", "C.MHD", "d.mha", "e_half_sequence.nii.gz"]
    assert all(set(item) == {"image"} and Path(item["image"]).is_file() for item in items)


def test_a_pattern_chooses_among_them(folder):
    assert names(folder_datalist(folder, "**/*_half_sequence.nii.gz")) == ["e_half_sequence.nii.gz"]
    assert names(folder_datalist(folder, "*")) == ["a.nii", "b.nii.gz"]


def test_suffixes_choose_among_them(folder):
    assert names(folder_datalist(folder, suffixes=(".mhd", ".mha"))) == ["C.MHD", "d.mha"]


def test_one_file_is_a_list_of_one(folder):
    assert folder_datalist(folder / "b.nii.gz") == [{"image": str(folder / "b.nii.gz")}]
    assert names(folder_datalist(str(folder / "b.nii.gz"))) == ["b.nii.gz"]


def test_the_labels_of_clips_are_no_clips_and_their_number_is_reported(tmp_path):
    files = "a.nii.gz a_gt.nii.gz b.nii.gz b_seg.nii.gz c_gt.mha c.nii.gz _gt.nii.gz d.nii d_label.nii"
    for name in files.split():
        (tmp_path / name).touch()
    reports = []
    listed = names(folder_datalist(tmp_path, report=reports.append))
    assert listed == ["_gt.nii.gz", "a.nii.gz", "b.nii.gz", "c.nii.gz", "c_gt.mha", "d.nii"]
    assert len(reports) == 1 and "3 label files" in reports[0] and "a_gt.nii.gz" in reports[0]


def test_a_label_file_that_is_asked_for_by_name_is_listed(tmp_path):
    for name in ("a.nii.gz", "a_gt.nii.gz"):
        (tmp_path / name).touch()
    assert names(folder_datalist(tmp_path / "a_gt.nii.gz", report=pytest.fail)) == ["a_gt.nii.gz"]


def test_half_of_the_files_of_a_phantom_data_set_are_labels_and_the_other_half_is_listed(tmp_path):
    root = write_camus_phantom(tmp_path, PhantomSettings((2, 0, 0), (32, 32), frames=3), progress=False)
    files = {path.name for path in root.rglob("*.nii.gz")}
    listed = set(names(folder_datalist(root, report=None)))
    assert listed == {name for name in files if "_gt" not in name} and 2 * len(listed) == len(files) > 0


def test_a_missing_folder_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent does not exist; set dataset_dir to a clip or to a folder"):
        folder_datalist(tmp_path / "absent")


def test_a_folder_without_clips_is_an_error_that_names_the_pattern(tmp_path, folder):
    with pytest.raises(
        FileNotFoundError, match=r"no clip that matches '\*\*/\*' and ends in \.nii, \.nii\.gz, \.mhd, \.mha"
    ):
        (tmp_path / "empty").mkdir()
        folder_datalist(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match=r"no clip that matches 'x\*'"):
        folder_datalist(folder, "x*")
    with pytest.raises(FileNotFoundError, match="has no clip"):
        folder_datalist(folder / "notes.txt")


def test_a_folder_lists_frame_folders_and_dicom_files_without_a_suffix(clip, tmp_path):
    write_frames(tmp_path / "frames", clip)
    write_frames(tmp_path / "plots", clip[..., :1], "plot.png")
    (tmp_path / "plots" / "mask.nii.gz").touch()
    for name in ("IM000001", "1.2.840.5", "DICOMDIR"):
        (tmp_path / name).write_bytes(bytes(128) + b"DICM")
    (tmp_path / "README").write_text("no clip")
    listed = {str(item["image"])[len(str(tmp_path)) + 1 :] for item in folder_datalist(tmp_path)}
    assert listed == {"frames", "IM000001", "1.2.840.5", "plots/mask.nii.gz"}
    assert folder_datalist(tmp_path / "frames") == [{"image": str(tmp_path / "frames")}]


@pytest.mark.parametrize("suffixes", [(".nii.gz",), (".nii.gz", ".png")])
def test_a_folder_that_cannot_be_listed_is_an_item_of_its_own(folder, suffixes, monkeypatch):
    monkeypatch.setattr(
        "gdkvm_monai.data.datalists.folder.find_paths", lambda *_: ([folder / "b.nii.gz"], [folder / "x"])
    )
    assert names(folder_datalist(folder, "**/*.nii.gz", suffixes)) == ["b.nii.gz", "x"]
