"""One function opens clips of any format; other files are refused by name."""

from __future__ import annotations

import os

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError, ClipStream
from gdkvm_monai.data import open as open_module
from gdkvm_monai.data import open_clip
from gdkvm_monai.data.open import CLIP_SUFFIXES
from tests.data.clip_files import AFFINE, write_frames


def test_a_list_of_stills_is_a_clip_in_the_order_of_the_list(clip, write_nifti):
    names = [write_nifti(clip[..., t], name=f"frame{t}.nii.gz") for t in (2, 0, 4)]
    read = ClipReader().read(names)
    np.testing.assert_array_equal(read.pixels, clip[..., [2, 0, 4]])
    np.testing.assert_allclose(read.affine, AFFINE, atol=1e-6)


def test_a_file_of_another_format_is_refused(tmp_path):
    (tmp_path / "clip.png").write_bytes(b"png")
    with pytest.raises(ValueError, match=r"clip\.png is not a clip .*use \.nii, \.nii\.gz, \.mhd, \.mha"):
        ClipReader().read(tmp_path / "clip.png")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.nii\.gz does not exist"):
        ClipReader().read(tmp_path / "absent.nii.gz")
    with pytest.raises(FileNotFoundError, match=r"absent\.mhd does not exist"):
        ClipReader().read([tmp_path / "absent.mhd"])


def test_a_pipe_is_called_no_regular_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    with pytest.raises(ClipReadError, match=r"pipe\.npy is not a regular file"):
        open_clip(tmp_path / "pipe.npy")


@pytest.mark.parametrize(
    ("pixels", "affine"),
    [(np.zeros((24, 19), np.uint8), AFFINE), (np.zeros((24, 18), np.uint8), np.diag([-0.3, -0.3, 1, 1]))],
    ids=["other size", "other spacing"],
)
def test_stills_of_different_size_or_spacing_are_refused(clip, write_nifti, pixels, affine):
    names = [write_nifti(clip[..., 0], name="a.nii.gz"), write_nifti(pixels, affine, name="b.nii.gz")]
    with pytest.raises(ValueError, match=r"b\.nii\.gz has shape .*single frames of one size and spacing"):
        ClipReader().read(names)


def test_a_list_of_cines_is_refused(clip, write_nifti):
    names = [write_nifti(clip, name="a.nii.gz"), write_nifti(clip, name="b.nii.gz")]
    with pytest.raises(ValueError, match=r"a\.nii\.gz has shape \(24, 18, 5\).*single frames"):
        ClipReader().read(names)


def test_an_empty_list_is_refused():
    with pytest.raises(ValueError, match="list of a clip's files is empty"):
        ClipReader().read([])


@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.mhd", "clip.npy", "frames"])
def test_a_clip_larger_than_the_limit_is_refused(clip, write_nifti, write_metaimage, tmp_path, name):
    if name == "clip.nii.gz":
        path = write_nifti(clip)
    elif name == "clip.mhd":
        path = write_metaimage(clip, (1, 1, 1))
    elif name == "clip.npy":
        path = tmp_path / name
        np.save(path, clip)
    else:
        path = write_frames(tmp_path / name, clip)
    assert ClipReader(max_voxels=clip.size).read(path).pixels.shape == clip.shape
    with pytest.raises(ClipReadError, match=r"claims 24 x 18 x 5 pixels, max_voxels is 2159; raise it"):
        ClipReader(max_voxels=clip.size - 1).read(path)


@pytest.mark.parametrize("suffix", CLIP_SUFFIXES)
def test_an_empty_file_of_any_format_is_refused_by_name(tmp_path, suffix):
    for name in (f"clip{suffix}", f"CLIP{suffix.upper()}"):
        (tmp_path / name).touch()
        with pytest.raises(ClipReadError, match=rf"{name} is empty; copy it again"):
            ClipReader().read(tmp_path / name)


@pytest.mark.parametrize("suffix", [*CLIP_SUFFIXES, ".png", ".bmp"])
def test_a_dicom_file_is_read_as_dicom_whatever_its_name_is(frames, write_dicom, suffix):
    read = ClipReader().read(write_dicom(frames, name=f"clip{suffix}", FrameTime=40))
    np.testing.assert_array_equal(read.pixels, frames.transpose(2, 1, 0))
    assert read.meta["frame_time_ms"] == 40
    with pytest.raises(ClipReadError, match="CT Image Storage"):
        ClipReader().read(write_dicom(frames, name=f"ct{suffix}", SOPClassUID="1.2.840.10008.5.1.4.1.1.2"))


def test_dicom_stills_named_png_are_frames_of_a_list(frames, write_dicom):
    names = [write_dicom(frames[t : t + 1], name=f"{t}.png") for t in (2, 0)]
    np.testing.assert_array_equal(ClipReader().read(names).pixels, frames[[2, 0]].transpose(2, 1, 0))


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 1, 3), (31, 17, 2), (1, 7, 5)], ids=str)
@pytest.mark.parametrize("name", ["clip.nii", "clip.nii.gz", "clip.mhd", "clip.mha", "clip.npy", "frames"])
def test_any_size_and_number_of_frames_is_read(write_nifti, write_metaimage, tmp_path, name, size):
    pixels = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    if name.startswith("clip.n") and name != "clip.npy":
        path = write_nifti(pixels, name=name)
    elif name.startswith("clip.m"):
        path = write_metaimage(pixels, (0.3, 0.2, 1), name)
    elif name == "clip.npy":
        path = tmp_path / name
        np.save(path, pixels)
    else:
        path = write_frames(tmp_path / name, pixels)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, pixels)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", ">i2", "i4", "f4"])
@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.mhd", "clip.npy"])
def test_arrays_of_any_type_keep_their_values(clip, write_nifti, write_metaimage, tmp_path, name, kind):
    pixels = (clip.astype(int) * 100 - (9000 if kind[-2] != "u" else 0)).astype(kind)
    if name == "clip.npy":
        np.save(tmp_path / name, pixels)
        path = tmp_path / name
    elif name == "clip.mhd":
        path = write_metaimage(pixels.astype(pixels.dtype.newbyteorder("=")), (0.3, 0.2, 1))
    else:
        path = write_nifti(pixels)
    read = ClipReader().read(path).pixels
    assert read.dtype == np.dtype(kind).newbyteorder("=")
    np.testing.assert_array_equal(read, pixels)


@pytest.mark.parametrize(
    "given", [np.zeros((4, 4, 2)), 3, None, [np.zeros((4, 4))]], ids=["array", "number", "none", "list"]
)
def test_an_object_that_is_not_a_path_is_refused_by_its_type(given):
    kind = type(given[0] if isinstance(given, list) else given).__name__
    with pytest.raises(TypeError, match=rf"opened by its path, got {kind}"):
        open_clip(given)


def test_options_of_another_type_are_refused_by_their_type(tmp_path):
    with pytest.raises(TypeError, match="options are dict, expected ReadOptions"):
        open_clip(tmp_path, {"force": True})


def failing(error):
    """A format whose reader raises an error after a frame."""

    def open_file(path, options):
        def read():
            yield np.zeros((3, 2), np.uint8)
            raise error

        return ClipStream((3, 2), 2, np.eye(4), {"spacing_trust": "absent", "partial": False}, read)

    return open_file


@pytest.mark.parametrize(
    "error", [KeyError("Doe^Jane"), IndexError(), RecursionError(), ZeroDivisionError(), OSError("x")]
)
def test_an_error_that_a_reader_does_not_expect_is_declared_with_its_type_and_without_its_text(
    error, tmp_path, monkeypatch
):
    monkeypatch.setitem(open_module.FORMATS, (".odd",), failing(error))
    (tmp_path / "clip.odd").write_bytes(b"odd")
    with pytest.raises(ClipReadError, match=f"clip.odd is damaged.*{type(error).__name__}") as info:
        open_clip(tmp_path / "clip.odd").collect()
    assert info.value.__cause__ is error and "Doe" not in str(info.value)


def test_too_little_memory_and_errors_of_the_system_are_called_so(tmp_path, monkeypatch):
    (tmp_path / "clip.odd").write_bytes(b"odd")
    monkeypatch.setitem(open_module.FORMATS, (".odd",), failing(MemoryError()))
    with pytest.raises(ClipReadError, match="needs more memory"):
        open_clip(tmp_path / "clip.odd").collect()
    monkeypatch.setitem(open_module.FORMATS, (".odd",), failing(PermissionError(13, "Permission denied", "clip")))
    with pytest.raises(PermissionError):
        open_clip(tmp_path / "clip.odd").collect()
