"""The clips of a folder, for inference."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdkvm_monai.data import folder_datalist
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
