"""An ultrasound DICOM becomes upright gray frames; Doppler, M-mode and missing frames are refused."""

from __future__ import annotations

import logging
import warnings

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import Compose, Invertd, LoadImage, Resized, SaveImaged

from gdkvm_monai.data import ClipReader, ClipReadError, ReadOptions, open_clip
from gdkvm_monai.transforms.load_clip import LoadImageClipd
from tests.data.dicom_files import VECTOR, example, region, upright

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


@pytest.mark.parametrize("name", ["clip.dcm", "clip.DICOM", "IM000001", "1.2.840.3"])
def test_gray_frames_are_read_upright_for_any_file_name(frames, write_dicom, name):
    read = ClipReader().read(write_dicom(frames, name=name))
    np.testing.assert_array_equal(read.pixels, upright(frames))
    assert read.meta == {"spacing_trust": "absent", "partial": False, "mode": "unknown"}


@pytest.mark.parametrize("shape", [(1, 40, 50), (3, 39, 51), (2, 1, 1)], ids=["one frame", "odd size", "one pixel"])
def test_any_size_and_number_of_frames_is_read(write_dicom, shape):
    frames = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(ClipReader().read(write_dicom(frames)).pixels, upright(frames))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_more_than_eight_bits_keep_their_values(frames, write_dicom, dtype):
    deep = (frames.astype(np.int32) * 9 - (900 if dtype == np.int16 else 0)).astype(dtype)
    read = ClipReader().read(write_dicom(deep))
    np.testing.assert_array_equal(read.pixels, upright(deep))
    assert read.pixels.dtype == dtype


def test_twelve_stored_bits_and_signed_bytes_keep_their_values_unless_they_are_inverted(frames, write_dicom):
    twelve = frames.astype(np.uint16) * 16 + 5
    read = ClipReader().read(write_dicom(twelve, BitsStored=12, HighBit=11))
    np.testing.assert_array_equal(read.pixels, upright(twelve))
    signed = (frames.astype(int) - 128).astype(np.int8)
    read = ClipReader().read(write_dicom(signed))
    np.testing.assert_array_equal(read.pixels, upright(signed))
    inverted = ClipReader().read(write_dicom(signed, "MONOCHROME1"))
    np.testing.assert_array_equal(inverted.pixels, -1 - upright(signed))


@pytest.mark.parametrize(
    ("attributes", "mode"),
    [
        ({"RegionDataType": 2}, "color Doppler"),
        ({"RegionSpatialFormat": 2}, "M-mode"),
        ({"RegionSpatialFormat": 3, "RegionDataType": 3}, "spectral Doppler"),
        ({"RegionSpatialFormat": 3, "RegionDataType": 4}, "spectral Doppler"),
    ],
    ids=["color", "M-mode", "pulsed wave", "continuous wave"],
)
def test_other_modes_than_b_mode_are_refused_with_the_reason_unless_forced(frames, write_dicom, attributes, mode):
    path = write_dicom(frames, SequenceOfUltrasoundRegions=[region(), region(**attributes)])
    with pytest.raises(ClipReadError, match=rf"clip\.dcm shows {mode}, expected B-mode; .*or set force"):
        ClipReader().read(path)
    read = ClipReader(force=True).read(path)
    assert read.meta["mode"] == mode and read.pixels.shape == (50, 40, 5)


def test_color_doppler_is_recognized_without_a_header_entry_and_a_tint_is_not_doppler(frames, write_dicom):
    assert ClipReader().read(write_dicom(frames, UltrasoundColorDataPresent=1)).meta["mode"] == "unknown"
    gray = np.repeat(frames[..., None], 3, axis=-1)
    gray[3, 10:20, 10:20] = (255, 80, 0)
    with pytest.raises(ClipReadError, match="shows color Doppler"):
        ClipReader().read(write_dicom(gray, "RGB"))
    sepia = np.stack([frames, frames // 2, frames // 8], axis=-1)
    assert ClipReader().read(write_dicom(sepia, "RGB")).meta["mode"] == "unknown"


@pytest.mark.parametrize("compress", [None, uid.RLELossless], ids=["uncompressed", "RLE"])
def test_a_truncated_clip_is_refused_with_both_counts_or_read_in_part(frames, write_dicom, compress):
    path = write_dicom(frames, compress=compress, **VECTOR)
    content = path.read_bytes()
    path.write_bytes(content[: -len(frames[0].tobytes()) - 500])
    with pytest.raises(
        ClipReadError,
        match=r"states 5 frames but 3 can be decoded, and frame 3 is .*(missing|it holds 1\d+ pixels).*; copy it",
    ):
        ClipReader().read(path)
    read = ClipReader(allow_partial=True).read(path)
    np.testing.assert_array_equal(read.pixels, upright(frames[:3]))
    assert read.meta["partial"] is True and read.meta["frame_times_ms"] == "0 20 50"


def test_patient_names_are_in_no_metadata_message_or_warning(frames, write_dicom, recwarn, caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    good = write_dicom(frames, SequenceOfUltrasoundRegions=[region()], **VECTOR)
    told.append(str(LoadImageClipd("image")({"image": good})["image"].meta).replace(str(good), ""))
    bad = [{"NumberOfFrames": 9}, {"NumberOfFrames": 0}, {"HighBit": 3}, {"PixelData": None}]
    for attributes in bad:
        with pytest.raises(ClipReadError) as raised:
            ClipReader().read(write_dicom(frames, **attributes))
        told.append(str(raised.value))
    told += [str(warning.message) for warning in recwarn] + [caplog.text]
    assert not any(planted in text for text in told for planted in ("Planted", "planted-id", "19010203"))


def test_results_on_another_grid_are_mapped_back_to_the_clips_grid(frames, write_dicom, tmp_path):
    path = write_dicom(frames, SequenceOfUltrasoundRegions=[region()], FrameTime=40)
    preprocessing = Compose([LoadImageClipd("image"), Resized("image", (100, 80, -1), mode="nearest")])
    item = preprocessing({"image": str(path)})
    item["pred"] = item["image"].clone()
    invert = Invertd("pred", transform=preprocessing, orig_keys="image")
    save = SaveImaged(
        "pred", output_dir=str(tmp_path), output_postfix="seg", separate_folder=False, resample=False,
        output_dtype=np.uint8, print_log=False,
    )  # fmt: skip
    Compose([invert, save])(item)
    saved = ClipReader().read(tmp_path / "clip_seg.nii.gz")
    np.testing.assert_array_equal(saved.pixels, upright(frames))
    np.testing.assert_allclose(saved.affine, np.diag([-0.5, -0.4, 0.04, 1]), atol=1e-6)
    assert nib.load(tmp_path / "clip_seg.nii.gz").shape == (50, 40, 5)


def test_monai_swaps_the_axes_of_an_ultrasound_clip_and_this_reader_does_not():
    path = example("ybr_color")
    assert LoadImage(reader="PydicomReader")(path).shape == (240, 30, 320, 3)
    assert LoadImageClipd("image")({"image": path})["image"].shape == (1, 320, 240, 30)


def test_color_doppler_that_begins_late_is_refused_at_its_first_frame(frames, write_dicom):
    gray = np.repeat(frames[..., None], 3, axis=-1)
    gray[3, 10:20, 10:20] = (255, 80, 0)
    given = []
    with open_clip(write_dicom(gray, "RGB")) as stream, pytest.raises(ClipReadError, match="shows color Doppler"):
        for frame in stream:
            given.append(frame)
    assert len(given) == 3
    with open_clip(write_dicom(gray, "RGB"), ReadOptions(force=True)) as stream:
        assert stream.meta["mode"] == "unknown" and len(list(stream)) == 5
    assert stream.meta["mode"] == "color Doppler"


def test_more_frames_than_stated_are_refused_or_ignored(frames, write_dicom):
    path = write_dicom(frames, compress=uid.RLELossless)
    data = pydicom.dcmread(path)
    data.NumberOfFrames = 3
    data.save_as(path)
    with pytest.raises(ClipReadError, match=r"clip\.dcm states 3 frames but more can be decoded"):
        ClipReader().read(path)
    read = ClipReader(allow_partial=True).read(path)
    np.testing.assert_array_equal(read.pixels, upright(frames[:3]))
    assert read.meta["partial"] is True


def test_an_open_stream_does_not_suppress_other_warnings(frames, write_dicom):
    with open_clip(write_dicom(frames)) as stream:
        next(iter(stream))
        with pytest.warns(UserWarning, match="heard"):
            warnings.warn("heard", stacklevel=1)


def test_pydicoms_test_echo_has_thirty_upright_frames_and_a_region_outside_the_image():
    read = ClipReader().read(example("ybr_color"))
    assert read.pixels.shape == (320, 240, 30)
    assert "region" not in read.meta  # its place is as wrong as its spacing
    assert read.meta["spacing_trust"] == "scaled" and read.meta["mode"] == "B-mode"
    assert read.meta["frame_time_ms"] == pytest.approx(33.333)
    sector, corner = read.pixels[120:200, 60:180].mean(), read.pixels[10:50, 150:200].mean()
    assert sector > 4 * corner


@pytest.mark.parametrize("name", ["fragmented_no_bot_jpeg_baseline.50", "implicit_little_endian"])
def test_a_real_clip_is_recognized_as_color_doppler_by_its_pixels(real_data, name):
    path = real_data / "dicom_us" / f"dicomParser_IM00001.{name}.dcm"
    with pytest.raises(ClipReadError, match="shows color Doppler"):
        ClipReader().read(path)
    read = ClipReader(force=True).read(path)
    x0, y0, x1, y1 = read.meta["region"]
    assert (x1 - x0, y1 - y0, read.pixels.shape[2]) == (320, 202, 8)
    assert read.meta["frame_time_source"] == "FrameTimeVector" and read.meta["spacing_trust"] == "conflict"


def test_a_real_clip_in_lossless_jpeg_is_read_with_its_spacing(real_data):
    read = ClipReader().read(real_data / "dicom_us" / "pylibjpeg_JPEGLosslessP14SV1_3s_2f_u_08_08.dcm")
    assert read.pixels.shape == (1024, 768, 2)
    assert read.meta["spacing_trust"] == "ok" and read.meta["frame_time_ms"] == pytest.approx(31.9652)
    np.testing.assert_allclose(np.diag(read.affine)[:2], -0.02774, rtol=1e-3)


@pytest.mark.parametrize(("value", "marked"), [("YES", True), ("NO", False), (None, False)])
def test_a_quality_control_subject_is_a_phantom(frames, write_dicom, value, marked):
    attributes = {} if value is None else {"QualityControlSubject": value}
    assert open_clip(write_dicom(frames, **attributes)).meta.get("phantom", False) is marked
