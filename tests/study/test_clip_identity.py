"""The identity of a clip is that of its content, which must not change while it is read."""

from __future__ import annotations

import os
import shutil

import nibabel
import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReadError
from gdkvm_monai.study.clip_identity import ClipIdentity, clip_files
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.options import SegmentOptions
from tests.study.tiny_command import noise_clip, write_label_clip


def opened(clip, **options) -> ClipSource:
    return ClipSource(clip, SegmentOptions(**options))


@pytest.fixture()
def dicom(tmp_path):
    path = tmp_path / "clip.dcm"
    return path, write_label_clip(path, "dicom", beats=0.3)


def test_the_identity_is_that_of_the_content(tmp_path):
    np.save(tmp_path / "a.npy", noise_clip())
    shutil.copy(tmp_path / "a.npy", tmp_path / "b.npy")
    np.save(tmp_path / "c.npy", noise_clip(seed=1))
    a, b, c = (opened(tmp_path / f"{name}.npy") for name in "abc")
    assert a.id == b.id == a.sha256[:16] != c.id and a.bytes == (tmp_path / "a.npy").stat().st_size
    assert opened(noise_clip()).id == opened(noise_clip().copy(order="F")).id != opened(noise_clip(seed=1)).id


def write_metaimage(folder, pixels: np.ndarray, data_file: str) -> None:
    folder.mkdir()
    size = " ".join(map(str, pixels.shape))
    header = f"ObjectType = Image\nNDims = 3\nDimSize = {size}\nElementType = MET_UCHAR\n"
    if data_file == "LIST":
        names = [f"{frame}.bin" for frame in range(pixels.shape[2])]
        (folder / "clip.mhd").write_text(f"{header}ElementDataFile = LIST\n" + "\n".join(names) + "\n")
        for frame, name in enumerate(names):
            (folder / name).write_bytes(pixels[..., frame].tobytes(order="F"))
    else:
        (folder / "clip.mhd").write_text(f"{header}ElementDataFile = {data_file}\n")
        (folder / data_file).write_bytes(pixels.tobytes(order="F"))


@pytest.mark.parametrize("data_file", ["clip.raw", "pixels.img", "clip[1].raw", "LIST"])
def test_metaimages_with_equal_headers_are_distinguished_by_their_pixels(data_file, tmp_path):
    for seed in range(2):
        write_metaimage(tmp_path / str(seed), noise_clip(seed=seed), data_file)
    one, two = (opened(tmp_path / str(seed) / "clip.mhd") for seed in range(2))
    assert one.id != two.id and one.format == ".mhd" and one.bytes > noise_clip().size
    np.testing.assert_array_equal(np.stack(list(one.frames()), -1), noise_clip())


def test_the_files_of_a_clip_are_found(tmp_path):
    (tmp_path / "clip.mhd").write_text("ElementDataFile = LOCAL\n")
    assert clip_files(tmp_path / "clip.mhd") == [tmp_path / "clip.mhd"]
    assert clip_files(tmp_path / "absent.mhd") == [tmp_path / "absent.mhd"]
    assert clip_files(tmp_path) == [tmp_path / "clip.mhd"]


@pytest.mark.parametrize("name", ["Doe.Jane.1950.npy", "clip.NPY", "x.nii.npy"])
def test_the_format_reveals_nothing_of_the_file_name(name, tmp_path):
    with open(tmp_path / name, "wb") as file:
        np.save(file, noise_clip())
    assert opened(tmp_path / name).format == ".npy"


def test_other_formats_are_named(dicom, tmp_path):
    shutil.copy(dicom[0], tmp_path / "1.2.840.4711")
    nibabel.save(nibabel.Nifti1Image(noise_clip(), np.eye(4)), tmp_path / "Doe.clip.nii.gz")
    (tmp_path / "frames.2").mkdir()
    Image.fromarray(noise_clip()[..., 0]).save(tmp_path / "frames.2" / "1.png")
    names = ("1.2.840.4711", "Doe.clip.nii.gz", "frames.2")
    assert [opened(tmp_path / name).format for name in names] == ["dicom", ".nii.gz", "folder"]
    assert opened(noise_clip()).format == "array" and opened(noise_clip()).path is None


def test_a_clip_replaced_before_or_while_it_is_read_is_refused(tmp_path):
    path, other = tmp_path / "clip.npy", tmp_path / "other.npy"
    for moment in ("before the first frame", "after it", "never"):
        np.save(path, noise_clip(20))
        np.save(other, noise_clip(20, seed=1))
        source = opened(path)
        if moment == "before the first frame":
            os.replace(other, path)
        frames = source.frames()
        next(frames)
        if moment == "after it":
            os.replace(other, path)
        if moment == "never":
            assert len(list(frames)) == 19
        else:
            with pytest.raises(ClipReadError, match="changed while it was read"):
                list(frames)


def test_a_clip_written_in_place_is_refused_even_with_its_old_time(tmp_path):
    np.save(tmp_path / "clip.npy", noise_clip())
    identity, before = ClipIdentity(tmp_path / "clip.npy"), (tmp_path / "clip.npy").stat()
    identity.hash()
    identity.check()
    np.save(tmp_path / "clip.npy", noise_clip(seed=1))
    os.utime(tmp_path / "clip.npy", ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ClipReadError, match="changed"):
        identity.check()


def test_a_missing_clip_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent.npy does not exist"):
        ClipIdentity(tmp_path / "absent.npy")


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mhd", "clip.nii.gz"])
def test_a_dicom_clip_under_the_name_of_another_format_is_recorded_as_dicom(name, dicom, tmp_path):
    path = dicom[0].rename(tmp_path / name)
    assert opened(path).format == "dicom" and clip_files(path) == [path]
