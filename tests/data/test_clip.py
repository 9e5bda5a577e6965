"""A stream gives the frames that a reader gives, one at a time, and holds neither files nor memory."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError, ReadOptions, open_clip

av = pytest.importorskip("av", reason="PyAV is absent; install it by pip install av")
pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

AFFINE = np.diag([-0.3, -0.2, 1.0, 1.0])
FORMATS = [
    *("clip.nii", "clip.nii.gz", "flat.nii.gz", "tail.nii.gz", "clip.mhd", "clip.mha", "packed.mha", "clip.npy"),
    *("clip.dcm", "deep.dcm", "rle.dcm", "clip.avi", "clip.mp4", "clip.mkv", "frames", "deep", "list"),
]


@pytest.fixture
def clip() -> np.ndarray:
    """A smooth clip ``(H, W, T)``, 32 x 24 pixels, 6 frames; a bright bar moves to the right."""
    lateral, depth, time = np.ogrid[:32, :24, :6]
    return (40 + 2 * depth + 100 * (abs(lateral - 5 - 3 * time) < 3)).astype(np.uint8)


def write(folder: Path, name: str, clip: np.ndarray):
    """Write ``(H, W, T)`` in the format that the name stands for; what to open."""
    path, stem = folder / name, name.split(".")[0]
    if ".nii" in name:
        lengths = {"flat": (*clip.shape[:2], 1, -1), "tail": (*clip.shape, 1)}
        nib.save(nib.Nifti1Image(clip.reshape(lengths.get(stem, clip.shape)), AFFINE), path)
    elif path.suffix in (".mhd", ".mha"):
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(clip.T))
        SimpleITK.WriteImage(image, str(path), stem == "packed")
    elif path.suffix == ".npy":
        np.save(path, clip)
    elif path.suffix == ".dcm":
        write_dicom(path, clip.astype(np.uint16) * 9 if stem == "deep" else clip, stem == "rle")
    elif path.suffix in (".avi", ".mp4", ".mkv"):
        write_video(path, clip)
    else:
        return write_frames(path, clip.astype(np.uint16) * 9 if stem == "deep" else clip)
    return path


def write_dicom(path: Path, clip: np.ndarray, compress: bool = False) -> None:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = uid.UltrasoundMultiFrameImageStorage, uid.generate_uid()
    data.Columns, data.Rows, data.NumberOfFrames = clip.shape
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 8 * clip.dtype.itemsize
    data.HighBit, data.FrameTimeVector = data.BitsStored - 1, [0] + [20] * (clip.shape[2] - 1)
    pixels = clip.T.tobytes()
    data.PixelData = pixels + bytes(len(pixels) % 2)
    data["PixelData"].VR = "OW" if clip.dtype.itemsize > 1 else "OB"
    if compress:
        data.compress(uid.RLELossless, generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)


def write_video(path: Path, clip: np.ndarray) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg" if path.suffix == ".avi" else "mpeg4", rate=25)
        stream.width, stream.height = clip.shape[:2]
        stream.pix_fmt = "yuvj420p" if path.suffix == ".avi" else "yuv420p"
        for frame in clip.transpose(2, 1, 0):  # upright pictures
            picture = np.ascontiguousarray(np.repeat(frame[..., None], 3, axis=-1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def write_frames(path: Path, clip: np.ndarray):
    path.mkdir()
    for index, frame in enumerate(np.moveaxis(clip, -1, 0)):
        Image.fromarray(np.ascontiguousarray(frame.T)).save(path / f"{index}.png")
    return [path / f"{index}.png" for index in range(clip.shape[-1])] if path.name == "list" else path


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.parametrize("name", FORMATS)
def test_the_frames_of_a_stream_are_those_of_the_reader(clip, tmp_path, name):
    path = write(tmp_path, name, clip)
    read = ClipReader().read(path)
    with open_clip(path) as stream:
        assert stream.shape == clip.shape[:2] == read.pixels.shape[:2]
        assert stream.count == (None if name == "clip.mkv" else 6)
        np.testing.assert_array_equal(stream.affine, read.affine)
        frames = list(stream)
    assert stream.meta == read.meta
    np.testing.assert_array_equal(np.stack(frames, axis=-1), read.pixels)
    deep, lossy = name.startswith("deep"), name in ("clip.avi", "clip.mp4", "clip.mkv")
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint16 if deep else np.uint8)}
    assert np.abs(read.pixels.astype(int) - clip.astype(int) * (9 if deep else 1)).mean() <= (6 if lossy else 0)


@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.mha", "clip.npy", "clip.dcm", "clip.avi", "frames"])
def test_each_iteration_begins_again_and_a_block_left_early_closes_the_file(clip, tmp_path, name):
    path, before = write(tmp_path, name, clip), open_files()
    with open_clip(path) as stream:
        first, again = next(iter(stream)), list(stream)
        np.testing.assert_array_equal(first, again[0])
        assert len(again) == 6
        list(islice(stream, 2))
    assert open_files() == before
    first[:] = 0  # a frame belongs to its consumer


def test_a_list_of_stills_of_any_format_is_a_stream_in_its_order(clip, tmp_path):
    paths = [write(tmp_path, f"{t}.nii", clip[..., t : t + 1]) for t in (3, 0, 5)]
    with open_clip(paths) as stream:
        assert (stream.shape, stream.count) == ((32, 24), 3)
        np.testing.assert_array_equal(np.stack(list(stream), axis=-1), clip[..., [3, 0, 5]])
    Path(paths[1]).unlink()
    with open_clip(paths) as stream, pytest.raises(FileNotFoundError, match=r"0\.nii does not exist"):
        list(stream)


@pytest.mark.parametrize("kind", ["<i2", ">i2", "<f4", "u1"])
@pytest.mark.parametrize("name", ["clip.nii", "clip.nii.gz"])
def test_a_nifti_is_scaled_frame_by_frame_as_nibabel_scales_the_whole(clip, tmp_path, name, kind):
    image = nib.Nifti1Image(clip.astype(kind), AFFINE)
    image.header.set_data_dtype(kind)
    image.header.set_slope_inter(0.37, -20)
    nib.save(image, tmp_path / name)
    expected = np.asanyarray(nib.load(tmp_path / name).dataobj)
    with open_clip(tmp_path / name) as stream:
        frames = np.stack(list(stream), axis=-1)
    np.testing.assert_array_equal(frames, expected)
    assert frames.dtype == expected.dtype and frames.dtype.isnative


def test_a_packed_nifti_is_inflated_forward_only(clip, tmp_path, monkeypatch):
    path, back = write(tmp_path, "clip.nii.gz", np.tile(clip, (4, 4, 1))), []
    seek = gzip.GzipFile.seek

    def watched(file, offset, whence=os.SEEK_SET):
        if whence == os.SEEK_SET:
            back.append(offset < seek(file, 0, os.SEEK_CUR))
        return seek(file, offset, whence)

    monkeypatch.setattr(gzip.GzipFile, "seek", watched)
    with open_clip(path) as stream:
        back.clear()
        assert len(list(stream)) == 6
    assert len(back) >= 6 and not any(back)


@pytest.mark.parametrize("name", ["clip.nii.gz", "clip.dcm", "deep.dcm", "rle.dcm", "clip.avi", "frames"])
def test_a_truncated_clip_is_an_error_at_the_end(clip, tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 48, 6), dtype=np.uint8)
    path = write(tmp_path, name, noise)
    damaged = {"frames": tmp_path / "frames" / "5.png"}.get(name, path)
    content = damaged.read_bytes()
    damaged.write_bytes(content[: -len(content) // 3])
    frames = []
    with (
        open_clip(path) as stream,
        pytest.raises(ClipReadError, match="can be decoded.*; copy it again|cannot be read"),
    ):
        for frame in stream:
            frames.append(frame)
    assert 2 <= len(frames) < 6
    assert not stream.meta["partial"] or name.endswith((".dcm", ".avi"))


@pytest.mark.parametrize("name", ["clip.dcm", "deep.dcm", "rle.dcm", "clip.avi"])
def test_an_allowed_truncation_is_flagged_in_the_metadata_at_the_end_of_the_stream(clip, tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 48, 6), dtype=np.uint8)
    path = write(tmp_path, name, noise)
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
    with open_clip(path, ReadOptions(allow_partial=True)) as stream:
        assert stream.count == 6 and not stream.meta["partial"]
        frames = list(stream)
    assert 2 <= len(frames) < 6 and stream.meta["partial"]
    if name.endswith(".dcm"):
        assert len(stream.meta["frame_times_ms"].split()) == len(frames)
    assert stream.meta == ClipReader(allow_partial=True).read(path).meta


def test_a_wrong_checksum_is_an_error_at_the_end(clip, tmp_path):
    path = write(tmp_path, "clip.nii.gz", clip)
    content = bytearray(path.read_bytes())
    content[-8] ^= 255  # of the checksum; every pixel is right
    path.write_bytes(content)
    with open_clip(path) as stream, pytest.raises(ClipReadError, match=r"cannot be read as NIfTI \(CRC check failed"):
        list(stream)


def test_ten_thousand_frames_are_counted_and_yielded_in_order(tmp_path):
    clip = np.arange(40_004, dtype=np.uint16).reshape(10_001, 2, 2).T
    with open_clip(write(tmp_path, "clip.nii.gz", clip)) as stream:
        assert stream.count == 10_001
        assert all(frame[0, 0] == 4 * index for index, frame in enumerate(stream))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
@pytest.mark.parametrize("name", ["clip.dcm", "clip.avi", "clip.nii.gz"])
def test_many_clips_leave_no_open_file_and_no_allocated_memory(clip, tmp_path, name):
    path = write(tmp_path, name, clip)
    damaged = tmp_path / f"damaged.{name.partition('.')[2]}"
    damaged.write_bytes(path.read_bytes()[:-300])

    def use() -> None:
        with open_clip(path) as stream:
            assert len(list(stream)) == 6
        with open_clip(path) as stream:
            next(iter(stream))
        with pytest.raises(ClipReadError):
            ClipReader().read(damaged)

    for _ in range(15):
        use()
    files, memory = open_files(), memory_mb()
    for _ in range(70):  # 210 clips
        use()
    assert open_files() == files
    assert memory_mb() - memory < 4


PEAK = """
import sys
from gdkvm_monai.data import open_clip

with open_clip(sys.argv[1]) as stream:
    count = sum(1 for frame in stream)
peak_kb = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(count, peak_kb)
"""


def peak_mb(path: Path, count: int) -> float:
    """Most memory of a process that streams a clip; ``ru_maxrss`` would hold its parent's, too."""
    run = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True)
    frames, peak_kb = run.stdout.split()
    assert int(frames) == count
    return int(peak_kb) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads the peak of memory as Linux states it")
@pytest.mark.parametrize("name", ["clip.dcm", "deep.dcm", "rle.dcm", "clip.avi", "clip.nii.gz"])
def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 200), dtype=np.uint8)
    short = peak_mb(write(tmp_path, name, noise), 200)
    long = peak_mb(write(tmp_path, name, np.tile(noise, 10)), 2000)  # 31 MB of pixels
    assert long <= 1.1 * short
    assert long - short < 10


@pytest.mark.parametrize(
    "pattern", ["dicom_us/*.dcm", "camus_mhd/patient0001/*E[DS]*.mhd", "camus/database_nifti/patient*/*_half*.nii.gz"]
)
def test_a_real_clip_is_streamed_as_it_is_read(real_data, pattern):
    paths = sorted(real_data.glob(pattern))[:8]
    if not paths:
        pytest.skip(f"no {pattern} in {real_data}")
    for path in paths:
        read = ClipReader(force=True).read(path)
        with open_clip(path, ReadOptions(force=True)) as stream:
            np.testing.assert_array_equal(stream.affine, read.affine)
            assert (*stream.shape, stream.count) == read.pixels.shape
            for index, frame in enumerate(stream):
                np.testing.assert_array_equal(frame, read.pixels[..., index])
        assert stream.meta == read.meta


@pytest.mark.parametrize(("unit", "step", "expected"), [("sec", 0.02, 20), ("msec", 25, 25), ("unknown", 0.02, None)])
def test_the_frame_time_of_a_nifti_is_known_if_its_unit_is_stated(tmp_path, unit, step, expected):
    image = nib.Nifti1Image(np.zeros((4, 5, 1, 3), np.uint8), np.diag([0.3, 0.3, 1, 1]))
    image.header.set_zooms((0.3, 0.3, 1, step))
    image.header.set_xyzt_units("mm", unit)
    nib.save(image, tmp_path / "clip.nii")
    meta = open_clip(tmp_path / "clip.nii").meta
    assert meta.get("frame_time_ms") == (None if expected is None else pytest.approx(expected))
