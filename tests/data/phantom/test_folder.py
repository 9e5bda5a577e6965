"""A folder of phantom clips: its files, its truth, what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gdkvm_monai.data import ClipReader, camus_datalist
from gdkvm_monai.data.phantom import FORMATS, EchoPhantom
from gdkvm_monai.data.phantom.folder import DATA_SETS, FolderSettings, share_patients, write_phantom_folder

SMALL = {"size": (32, 32), "beats": 1, "frame_rate_hz": 5}


def write(out: Path, *formats: str, **settings) -> list[Path]:
    return list(write_phantom_folder(out, FolderSettings(formats, **{**SMALL, **settings})))


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def read_truth(out: Path) -> dict[str, dict]:
    return json.loads((out / "truth.json").read_text())["clips"]


def test_every_format_is_written_named_readable_and_in_truth_json(tmp_path):
    pytest.importorskip("pydicom")
    pytest.importorskip("av")
    written = write(tmp_path, *FORMATS, *DATA_SETS, seed=3)
    assert all(path.exists() for path in written) and written[-1] == tmp_path / "truth.json"
    assert len(written) == 2 * len(FORMATS) + len(DATA_SETS) + 1
    truth = read_truth(tmp_path)
    assert {file.split("/")[0] for file in truth} == {*FORMATS, *DATA_SETS}
    phantom = EchoPhantom((3, 1))
    for file, told in truth.items():
        read = ClipReader().read(tmp_path / file)
        assert list(read.pixels.shape) == told["shape"]
        assert told["view"] in file or "echonet" in file
        assert told["seed"] == [3, 1] and told["heart_rate_bpm"] == phantom.heart_rate_bpm
        assert told["ef_percent"] == pytest.approx(phantom.ef_percent, abs=1e-4)
        assert set(told) == set(truth["npy/phantom0001_4CH.npy"])
        assert 0 <= max(told["ed_frames"] + told["es_frames"]) < told["shape"][2]


def test_a_camus_folder_holds_only_the_requested_views_and_the_true_phases(tmp_path):
    write(tmp_path, "camus", views=["4CH"])
    (item,) = camus_datalist(tmp_path / "camus", "training", report=None)
    assert item["view"] == "4CH" and item["image_quality"] == "Medium"
    ((file, told),) = read_truth(tmp_path).items()
    assert str(tmp_path / file) == item["image"]
    assert (told["ed_frames"], told["es_frames"]) == ([item["ed_frame"]], [item["es_frame"]])


@pytest.mark.parametrize(("patients", "split"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (1, 1, 1)), (16, (12, 2, 2))])
def test_patients_are_shared_among_training_validation_and_testing(patients, split):
    assert share_patients(patients) == split and sum(split) == patients


def test_the_same_seed_writes_the_same_bytes_and_another_one_other_clips(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(tmp_path / name, "nifti", "npy", views=["2CH"], seed=seed)
    first, same, other = (files(tmp_path / name) for name in "abc")
    assert first == same and first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_existing_files_are_kept_unless_overwriting_is_requested(tmp_path):
    write(tmp_path, "npy", "png", views=["4CH"])
    before = files(tmp_path)
    with pytest.raises(FileExistsError, match="phantom0001_4CH.npy"):
        write(tmp_path, "npy", "png", views=["4CH"], seed=1)
    assert files(tmp_path) == before
    write(tmp_path, "npy", "png", views=["4CH"], seed=1, overwrite=True)
    assert files(tmp_path)["npy/phantom0001_4CH.npy"] != before["npy/phantom0001_4CH.npy"]


def test_another_format_is_added_and_its_truth_too(tmp_path):
    write(tmp_path, "npy", views=["4CH"])
    write(tmp_path, "mhd", views=["4CH"])
    assert list(read_truth(tmp_path)) == ["mhd/phantom0001_4CH.mhd", "npy/phantom0001_4CH.npy"]


def test_files_from_elsewhere_are_not_even_overwritten(tmp_path):
    (tmp_path / "camus").mkdir()
    (tmp_path / "camus" / "mine").write_text("mine")
    with pytest.raises(ValueError, match=f"{tmp_path / 'camus'} exists"):
        write(tmp_path, "camus", overwrite=True)
    (tmp_path / "truth.json").write_text("[1]")
    with pytest.raises(ValueError, match="truth.json"):
        write(tmp_path, "camus", overwrite=True)
    assert (tmp_path / "camus" / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"patients": 0}, "patients = 0"),
        ({"patients": 10_000}, "patients = 10000"),
        ({"beats": -1.0}, "beats = -1.0"),
        ({"frame_rate_hz": 2000.0}, "frame_rate_hz = 2000.0"),
        ({"size": (4, 64)}, r"size = \(4, 64\)"),
        ({"seed": -3}, "-3"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_written(wrong, named, tmp_path):
    with pytest.raises(ValueError, match=named):
        write(tmp_path / "new", "nifti", **wrong)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("name", "module", "extra"), [("dicom", "pydicom", "dicom"), ("echonet", "av", "video")])
def test_a_missing_package_is_named_before_anything_is_written(name, module, extra, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"gdkvm-monai\[{extra}\]"):
        write(tmp_path / "new", "npy", name)
    assert not (tmp_path / "new").exists()


def test_clips_written_before_an_error_are_complete_and_in_truth_json(tmp_path, monkeypatch):
    def fail(path, clip) -> None:
        raise OSError("disk full")

    monkeypatch.setitem(FORMATS, "mhd", FORMATS["mhd"]._replace(write=fail))
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path, "npy", "mhd")
    assert list(read_truth(tmp_path)) == ["npy/phantom0001_4CH.npy"]
    assert set(files(tmp_path)) == {"npy/phantom0001_4CH.npy", "truth.json"}
