"""Phantom clips come back from every format as they were rendered, with their spacing and times."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from gdkvm_monai.data import ClipReader
from gdkvm_monai.data.phantom import FORMATS, EchoPhantom, PhantomClip, formats, render_phantom_clip, write_clip
from tests.data.phantom.written import NEEDS_PACKAGE, RATE_HZ, SEED, contents

LOSSLESS = ("dicom", "nifti", "mhd", "npy", "png")


@pytest.mark.parametrize("name", FORMATS)
def test_the_clip_reader_returns_the_pixels_from_every_format(clip, written, name):
    read = ClipReader().read(written(name))
    assert read.pixels.shape == clip.image.shape and read.pixels.dtype == np.uint8
    difference = np.abs(read.pixels.astype(int) - clip.image)
    assert difference.max() == 0 if name in LOSSLESS else difference.mean() < 4


@pytest.mark.parametrize("name", ["dicom", "nifti", "mhd"])
def test_the_spacing_is_read_back_in_millimeters_and_trusted(clip, written, name):
    read = ClipReader().read(written(name))
    assert read.meta["spacing_trust"] == "ok"
    np.testing.assert_allclose(np.diag(read.affine), (*np.negative(clip.spacing_mm), 1 / RATE_HZ, 1), rtol=1e-6)
    assert not np.isclose(*clip.spacing_mm, rtol=0.01)


@pytest.mark.parametrize(("name", "marked"), [(name, name not in ("mhd", "npy", "png")) for name in FORMATS])
def test_dicom_nifti_and_videos_say_that_they_show_a_phantom(written, name, marked):
    assert ClipReader().read(written(name)).meta.get("phantom", False) is marked


@pytest.mark.parametrize("name", ["avi", "mp4", "npy", "png"])
def test_a_format_without_millimeters_claims_none(written, name):
    assert ClipReader().read(written(name)).meta["spacing_trust"] == "absent"


@pytest.mark.parametrize("name", ["dicom", "avi", "mp4"])
@pytest.mark.parametrize("rate", [RATE_HZ, 30])
def test_the_frame_time_is_that_of_the_rate(clip, tmp_path, name, rate):
    pytest.importorskip(NEEDS_PACKAGE[name])
    path = tmp_path / f"clip{FORMATS[name].suffix}"
    write_clip(path, PhantomClip(clip.phantom, "4CH", rate, clip.image, clip.label, clip.spacing_mm), name)
    assert ClipReader().read(path).meta["frame_time_ms"] == pytest.approx(1000 / rate, rel=1e-6)


def test_the_label_beside_the_nifti_clip_is_the_phantoms_on_the_same_grid(clip, written):
    path = written("nifti")
    label = nibabel.load(path.with_name("clip_label.nii.gz"))
    np.testing.assert_array_equal(np.asarray(label.dataobj), clip.label)
    np.testing.assert_array_equal(label.affine, nibabel.load(path).affine)
    assert set(np.unique(clip.label)) == {0, 1, 2, 3}


@pytest.fixture(scope="module")
def again() -> PhantomClip:
    """The same clip, rendered a second time."""
    return render_phantom_clip(EchoPhantom(SEED, "good"), "4CH", 1, RATE_HZ, (48, 64))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_seed_gives_the_same_bytes_and_no_other_file_remains(again, written, tmp_path, name):
    expected = contents(written(name).parent)
    write_clip(tmp_path / f"clip{FORMATS[name].suffix}", again, name)
    assert contents(tmp_path) == expected


def test_files_are_replaced_only_on_request_and_as_a_whole(clip, tmp_path):
    path = tmp_path / "clip"
    path.mkdir()
    (path / "frame_9999.png").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="clip exists; choose another path, or allow it to be overwritten"):
        write_clip(path, clip, "png")
    assert contents(tmp_path) == {"clip/frame_9999.png": b"old"}
    write_clip(path, clip, "png", overwrite=True)
    assert len(list(path.iterdir())) == clip.image.shape[2] and not (path / "frame_9999.png").exists()
    (tmp_path / "a_label.nii.gz").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="a_label.nii.gz exists"):
        write_clip(tmp_path / "a.nii.gz", clip, "nifti")
    assert not (tmp_path / "a.nii.gz").exists()


def test_an_interrupted_write_keeps_the_existing_file(clip, tmp_path, monkeypatch):
    write_clip(tmp_path / "clip.npy", clip, "npy")
    before = contents(tmp_path)

    def fail(path: Path, clip: PhantomClip) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setitem(FORMATS, "npy", formats.ClipFormat(".npy", fail))
    with pytest.raises(OSError, match="disk full"):
        write_clip(tmp_path / "clip.npy", clip, "npy", overwrite=True)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("gif", "format = 'gif' is unknown; choose one of dicom, avi"),
        ("mhd", r"clip.npy must end in .mhd to be of format mhd; change its name"),
    ],
)
def test_an_unknown_format_or_a_wrong_suffix_is_refused_before_anything_is_written(clip, format, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_clip(tmp_path / "new" / "clip.npy", clip, format)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("name", "package", "extra"), [("dicom", "pydicom", "dicom"), ("avi", "PyAV", "video")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    clip, tmp_path, monkeypatch, name, package, extra
):
    monkeypatch.setitem(sys.modules, NEEDS_PACKAGE[name], None)
    message = rf'format {name} needs {package} to be written; install it: pip install "gdkvm-monai\[{extra}\]"\.'
    with pytest.raises(ImportError, match=message):
        write_clip(tmp_path / f"clip{FORMATS[name].suffix}", clip, name)
