"""An ultrasound DICOM becomes upright gray frames; its spacing and times count only where they can be believed."""

from __future__ import annotations

import hashlib
import io
import logging
import sys
import tracemalloc
import warnings
import zlib

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import Compose, Invertd, LoadImage, Resized, SaveImaged
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError, ReadOptions, open_clip
from gdkvm_monai.data.clip import luma
from gdkvm_monai.transforms.load_clip import LoadClipd

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

NAME = "Planted^Person"
B_MODE = {"RegionSpatialFormat": 1, "RegionDataType": 1}


def region(box=(4, 6, 43, 35), delta_cm=(0.05, 0.04), units=3, **attributes) -> Dataset:
    """A region with first column, first row, last column and last row; 2-D tissue unless said otherwise."""
    item = Dataset()
    for name, value in {**B_MODE, **attributes}.items():
        setattr(item, name, value)
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta_cm
    return item


@pytest.fixture
def frames() -> np.ndarray:
    """Gray frames ``(T, rows, columns)``: 5 frames of 40 x 50 pixels in which no two axes can be confused."""
    return np.random.default_rng(0).integers(0, 256, (5, 40, 50), dtype=np.uint8)


@pytest.fixture
def write(tmp_path):
    """Write frames ``(T, rows, columns[, 3])`` as DICOM, with attributes changed or (None) left out; give the path."""

    def write_dicom(frames, photometric="MONOCHROME2", name="clip.dcm", compress=None, **attributes):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        data.SOPClassUID, data.SOPInstanceUID = uid.UltrasoundMultiFrameImageStorage, uid.generate_uid()
        data.PatientName, data.PatientID, data.PatientBirthDate = NAME, "planted-id", "19010203"
        data.NumberOfFrames, data.Rows, data.Columns = frames.shape[:3]
        data.SamplesPerPixel = 3 if frames.ndim == 4 else 1
        data.PhotometricInterpretation = photometric
        data.BitsAllocated = data.BitsStored = 8 * frames.dtype.itemsize
        data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(frames.dtype.kind == "i")
        if frames.ndim == 4:
            data.PlanarConfiguration = attributes.get("PlanarConfiguration", 0)
            frames = frames.transpose(0, 3, 1, 2) if data.PlanarConfiguration else frames
        pixels = frames.tobytes()
        data.PixelData = pixels + bytes(len(pixels) % 2)
        data["PixelData"].VR = "OW" if frames.dtype.itemsize > 1 else "OB"
        for attribute, value in attributes.items():
            if value is None:
                delattr(data, attribute)
            else:
                setattr(data, attribute, value)
        if compress:
            data.compress(compress, generate_instance_uid=False)
        data.save_as(tmp_path / name, enforce_file_format=True)
        return tmp_path / name

    return write_dicom


def upright(frames: np.ndarray) -> np.ndarray:
    """``(T, rows, columns)`` as ``(H, W, T)``: lateral, depth, time."""
    return frames.transpose(2, 1, 0)


def colored(frames: np.ndarray) -> np.ndarray:
    """RGB frames, faintly tinted."""
    return np.stack([frames, frames // 8 * 7, frames // 8 * 6], axis=-1)


@pytest.mark.parametrize("name", ["clip.dcm", "clip.DICOM", "IM000001", "1.2.840.3"])
def test_gray_frames_are_read_upright_whatever_the_file_is_called(frames, write, name):
    read = ClipReader().read(write(frames, name=name))
    np.testing.assert_array_equal(read.pixels, upright(frames))
    assert read.meta == {"spacing_trust": "absent", "partial": False, "mode": "unknown"}


@pytest.mark.parametrize("shape", [(1, 40, 50), (3, 39, 51), (2, 1, 1)], ids=["one frame", "odd size", "one pixel"])
def test_any_size_and_number_of_frames_is_read(write, shape):
    frames = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(ClipReader().read(write(frames)).pixels, upright(frames))


def test_monochrome1_is_inverted(frames, write):
    np.testing.assert_array_equal(ClipReader().read(write(frames, "MONOCHROME1")).pixels, 255 - upright(frames))


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_in_either_order_becomes_luma(frames, write, planar):
    rgb = colored(frames)
    read = ClipReader().read(write(rgb, "RGB", PlanarConfiguration=planar))
    np.testing.assert_array_equal(read.pixels, upright(luma(rgb)))


def test_ybr_gives_its_luma(frames, write):
    ybr = np.stack([frames // 2 + 60, np.full_like(frames, 120), np.full_like(frames, 136)], axis=-1)
    read = ClipReader().read(write(ybr, "YBR_FULL"))
    assert np.abs(read.pixels.astype(int) - upright(ybr[..., 0])).max() <= 1
    pairs = ybr[:, :, ::2]  # YBR_FULL_422 stores Y1 Y2 Cb Cr for each two pixels
    packed = np.stack([ybr[:, :, ::2, 0], ybr[:, :, 1::2, 0], pairs[..., 1], pairs[..., 2]], axis=-1)
    path = write(ybr, "YBR_FULL_422", PixelData=packed.tobytes())
    assert np.abs(ClipReader().read(path).pixels.astype(int) - upright(ybr[..., 0])).max() <= 1


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_looked_up(frames, write, bits):
    table = np.arange(256)[::-1] * (257 if bits == 16 else 1)
    palette = {}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        palette[f"{color}PaletteColorLookupTableData"] = table.astype("<u2" if bits == 16 else "u1").tobytes()
    read = ClipReader().read(write(frames, "PALETTE COLOR", **palette))
    np.testing.assert_array_equal(read.pixels, 255 - upright(frames))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_more_than_eight_bits_are_scaled_over_the_clip(frames, write, dtype):
    deep = (frames.astype(np.int32) * 9 - (900 if dtype == np.int16 else 0)).astype(dtype)
    read = ClipReader().read(write(deep))
    assert read.pixels.dtype == np.uint8 and np.abs(read.pixels.astype(int) - upright(frames)).max() <= 3
    assert read.meta["intensity_low"] < read.meta["intensity_high"]
    assert not ClipReader().read(write(np.full_like(deep, 7))).pixels.any()


def test_twelve_stored_bits_and_signed_bytes_are_scaled_over_the_clip(frames, write):
    twelve = frames.astype(np.uint16) * 16 + 5
    read = ClipReader().read(write(twelve, BitsStored=12, HighBit=11))
    assert np.abs(read.pixels.astype(int) - upright(frames)).max() <= 3
    signed = (frames.astype(int) - 128).astype(np.int8)
    read = ClipReader().read(write(signed))
    assert read.pixels.dtype == np.uint8 and np.abs(read.pixels.astype(int) - upright(frames)).max() <= 3
    inverted = ClipReader().read(write(signed, "MONOCHROME1"))
    assert np.abs(inverted.pixels.astype(int) + upright(frames) - 255).max() <= 3


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=lambda s: s.name)
def test_compressed_frames_are_those_that_were_compressed(frames, write, syntax):
    for pixels, photometric in ((frames, "MONOCHROME2"), (colored(frames), "RGB")):
        try:
            path = write(pixels, photometric, compress=syntax)
        except RuntimeError as error:
            pytest.skip(f"no encoder: {error}")
        expected = luma(pixels) if pixels.ndim == 4 else pixels
        np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(expected))


def test_a_missing_decoder_is_named_with_the_command_that_installs_it(frames, write, monkeypatch):
    path = write(frames)
    decoder = type("Decoder", (), {"is_available": False})
    monkeypatch.setattr("pydicom.pixels.get_decoder", lambda syntax: decoder)
    data = pydicom.dcmread(path)
    for syntax, package in ((uid.JPEGLSLossless, "pyjpegls"), (uid.JPEG2000, "pylibjpeg-openjpeg")):
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = pydicom.encaps.encapsulate([b"xx"] * 5)
        data["PixelData"].is_undefined_length = True
        data.save_as(path)
        with pytest.raises(ClipReadError, match=rf'needs {package}; install it: pip install "gdkvm-monai\[dicom\]"'):
            ClipReader().read(path)


def test_without_pydicom_the_error_names_the_command_that_installs_it(frames, write, monkeypatch):
    path = write(frames)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ClipReadError, match=r'needs pydicom .*install it: pip install "gdkvm-monai\[dicom\]"'):
        ClipReader().read(path)


def test_spacing_comes_from_the_tissue_region_in_millimeters_and_a_crop_keeps_its_place(frames, write):
    graphics = region((0, 0, 49, 39), (1, 1), 0, RegionSpatialFormat=0, RegionDataType=0)
    path = write(frames, SequenceOfUltrasoundRegions=[graphics, region(delta_cm=(-0.05, 0.04))])
    read = ClipReader().read(path)
    assert read.meta["spacing_trust"] == "ok" and read.meta["mode"] == "B-mode"
    np.testing.assert_allclose(np.diag(read.affine), (-0.5, -0.4, 1, 1))
    crop = ClipReader(crop=True).read(path)
    np.testing.assert_array_equal(crop.pixels, read.pixels[4:44, 6:36])
    np.testing.assert_allclose(crop.affine @ [0, 0, 0, 1], read.affine @ [4, 6, 0, 1])


@pytest.mark.parametrize(
    ("regions", "trust"),
    [
        ([], "absent"),
        ([region(units=0)], "absent"),
        ([region(delta_cm=(0, 0.04))], "absent"),
        ([region(delta_cm=(float("nan"), 0.04))], "absent"),
        ([region((4, 6, 80, 60))], "scaled"),
        ([region((60, 60, 80, 80))], "scaled"),
        ([region((0, 0, 50, 40))], "ok"),
        ([region(), region((0, 0, 9, 9), (0.03, 0.04))], "conflict"),
        ([region(), region((0, 0, 9, 9))], "ok"),
        ([region(delta_cm=(2, 2))], "conflict"),
    ],
    ids=["no region", "no unit", "zero", "not a number", "partly outside", "outside", "one too far", "two spacings",
         "two alike", "two meters deep"],
)  # fmt: skip
def test_spacing_that_cannot_be_believed_is_flagged_and_never_in_millimeters(frames, write, regions, trust):
    path = write(frames, SequenceOfUltrasoundRegions=regions)
    for reader in (ClipReader(), ClipReader(crop=True)):
        read = reader.read(path)
        assert read.meta["spacing_trust"] == trust
        assert trust != "scaled" or read.pixels.shape == (50, 40, 5)
        np.testing.assert_allclose(np.diag(read.affine)[:2], (-0.5, -0.4) if trust == "ok" else (-1, -1))


def test_a_region_and_a_pixel_spacing_that_differ_are_in_conflict(frames, write):
    for spacing, trust in (([0.4, 0.5], "ok"), ([0.5, 0.5], "conflict")):
        read = ClipReader().read(write(frames, SequenceOfUltrasoundRegions=[region()], PixelSpacing=spacing))
        assert read.meta["spacing_trust"] == trust


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
def test_what_is_not_b_mode_is_refused_with_the_reason_unless_forced(frames, write, attributes, mode):
    path = write(frames, SequenceOfUltrasoundRegions=[region(), region(**attributes)])
    with pytest.raises(ClipReadError, match=rf"clip\.dcm shows {mode}, expected B-mode; .*or set force"):
        ClipReader().read(path)
    read = ClipReader(force=True).read(path)
    assert read.meta["mode"] == mode and read.pixels.shape == (50, 40, 5)


def test_color_doppler_is_recognized_where_no_header_tells_and_a_tint_is_none(frames, write):
    with pytest.raises(ClipReadError, match="shows color Doppler"):
        ClipReader().read(write(frames, UltrasoundColorDataPresent=1))
    gray = np.repeat(frames[..., None], 3, axis=-1)
    gray[3, 10:20, 10:20] = (255, 80, 0)
    with pytest.raises(ClipReadError, match="shows color Doppler"):
        ClipReader().read(write(gray, "RGB"))
    sepia = np.stack([frames, frames // 2, frames // 8], axis=-1)
    assert ClipReader().read(write(sepia, "RGB")).meta["mode"] == "unknown"


VECTOR = {"FrameTimeVector": [0, 20, 30, 20, 30]}


@pytest.mark.parametrize(
    ("attributes", "frame_time_ms", "source"),
    [
        ({**VECTOR, "FrameTime": 40}, 25, "FrameTimeVector"),
        ({"FrameTimeVector": [0, 20, 30], "FrameTime": 40}, 40, "FrameTime"),
        ({"FrameTime": 0, "CineRate": 50}, 20, "CineRate"),
        ({"CineRate": 0, "RecommendedDisplayFrameRate": 40}, 25, "RecommendedDisplayFrameRate"),
        ({"FrameTimeVector": [0, 20, 30]}, None, None),
        ({"FrameTimeVector": [0, 20, 0, 20, 20]}, None, None),
        ({"FrameTime": -1}, None, None),
        ({"FrameTime": 0}, None, None),
        ({}, None, None),
    ],
    ids=["vector", "short vector", "zero time", "zero rate", "only a short vector", "vector with zero", "negative",
         "zero", "none"],
)  # fmt: skip
def test_frame_times_are_those_of_the_first_attribute_that_can_be_used(
    frames, write, attributes, frame_time_ms, source
):
    read = ClipReader().read(write(frames, **attributes))
    assert read.meta.get("frame_time_ms") == frame_time_ms and read.meta.get("frame_time_source") == source
    assert read.affine[2, 2] == pytest.approx(frame_time_ms / 1000 if frame_time_ms else 1)
    assert read.meta.get("frame_times_ms") == ("0 20 50 70 100" if source == "FrameTimeVector" else None)


@pytest.mark.parametrize("compress", [None, uid.RLELossless], ids=["uncompressed", "RLE"])
def test_a_truncated_clip_is_refused_with_both_counts_or_read_in_part(frames, write, compress):
    path = write(frames, compress=compress, **VECTOR)
    content = path.read_bytes()
    path.write_bytes(content[: -len(frames[0].tobytes()) - 500])
    with pytest.raises(ClipReadError, match=r"clip\.dcm states 5 frames but 3 can be decoded; copy it again"):
        ClipReader().read(path)
    read = ClipReader(allow_partial=True).read(path)
    np.testing.assert_array_equal(read.pixels, upright(frames[:3]))
    assert read.meta["partial"] is True and read.meta["frame_times_ms"] == "0 20 50"


@pytest.mark.parametrize("content", [b"", b"not a picture" * 50, bytes(128) + b"DICM" + bytes(99)])
def test_a_file_that_only_calls_itself_dicom_is_refused(tmp_path, content):
    (tmp_path / "clip.dcm").write_bytes(content)
    with pytest.raises(ClipReadError, match=r"clip\.dcm cannot be read as DICOM"):
        ClipReader().read(tmp_path / "clip.dcm")


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"NumberOfFrames": None}, "does not state NumberOfFrames"),
        ({"NumberOfFrames": None, "SOPClassUID": uid.UltrasoundImageStorage}, "does not state NumberOfFrames"),
        ({"NumberOfFrames": 0}, "holds no pixels, its size is 50 x 40 x 0"),
        ({"Rows": 0}, "holds no pixels, its size is 50 x 0 x 5"),
        ({"Rows": None}, "holds no pixels"),
        ({"NumberOfFrames": 2_000_000}, "claims 50 x 40 x 2000000 pixels, max_voxels"),
        ({"PixelData": None}, "states 5 frames but 0 can be decoded"),
        ({"BitsAllocated": None}, "states 5 frames but 0 can be decoded"),
    ],
)
def test_a_header_that_cannot_be_is_refused(frames, write, attributes, message):
    with pytest.raises(ClipReadError, match=rf"clip\.dcm {message}"):
        ClipReader(allow_partial=True).read(write(frames, **attributes))


def test_a_still_needs_no_number_of_frames(frames, write):
    path = write(frames[:1], NumberOfFrames=None, SOPClassUID=uid.UltrasoundImageStorage)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(frames[:1]))


def test_what_a_patient_is_called_stands_in_no_metadata_message_or_warning(frames, write, recwarn, caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    good = write(frames, SequenceOfUltrasoundRegions=[region()], **VECTOR)
    told.append(str(LoadClipd("image")({"image": good})["image"].meta).replace(str(good), ""))
    bad = [{"NumberOfFrames": 9}, {"NumberOfFrames": 0}, {"UltrasoundColorDataPresent": 1}, {"PixelData": None}]
    for attributes in bad:
        with pytest.raises(ClipReadError) as raised:
            ClipReader().read(write(frames, **attributes))
        told.append(str(raised.value))
    told += [str(warning.message) for warning in recwarn] + [caplog.text]
    assert not any(planted in text for text in told for planted in ("Planted", "planted-id", "19010203"))


def test_what_is_computed_on_another_grid_comes_back_to_the_clips_own(frames, write, tmp_path):
    path = write(frames, SequenceOfUltrasoundRegions=[region()], FrameTime=40)
    preprocessing = Compose([LoadClipd("image"), Resized("image", (100, 80, -1), mode="nearest")])
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


def example(name: str):
    """One of pydicom's own files."""
    try:
        return pydicom.examples.get_path(name)
    except Exception as error:
        pytest.skip(f"pydicom's example is not at hand: {error}")


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("ybr_color", (30, 240, 320), "d7a58d1e5427d30719d263f6ff39f312a738f15eaccb509f7b6d574bdd1f97d7"),
        ("rgb_color", (1, 240, 320), "a66f272e06ee44037a865596f444a68d74df14f8f9b31495a99bd32ce4db37d7"),
        ("palette_color", (1, 350, 800), "e427923b948917dbc1d65f3bffee47f2128791acf568f4a14f5b264e81c68b1d"),
        ("jpeg2k", (1, 480, 640), "87048de5b47a4b3008657ee8847405d7b98f522547caca62d6c97d26c768f04b"),
    ],
)
def test_every_color_space_of_pydicoms_own_ultrasound_gives_the_gray_it_always_gave(name, shape, expected):
    frames = ClipReader(force=True).read(example(name)).pixels.transpose(2, 1, 0)
    assert frames.shape == shape
    assert hashlib.sha256(frames.tobytes()).hexdigest() == expected


def test_monai_swaps_the_axes_of_an_ultrasound_clip_and_this_reader_does_not():
    path = example("ybr_color")
    assert LoadImage(reader="PydicomReader")(path).shape == (240, 30, 320, 3)
    assert LoadClipd("image")({"image": path})["image"].shape == (1, 320, 240, 30)


def test_a_deflated_file_is_refused_before_it_is_inflated(frames, write):
    path = write(frames[:1])
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    data.save_as(path)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(path.read_bytes()[:400] + packer.compress(bytes(30_000_000)) + packer.flush())
    tracemalloc.start()
    with pytest.raises(ClipReadError, match=r"clip\.dcm is compressed by Deflated Explicit VR.*export it uncompressed"):
        ClipReader().read(path)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


def test_a_jpeg_that_inflates_to_more_than_its_header_states_is_refused(frames, write):
    path = write(frames[:1], NumberOfFrames=1)
    data = pydicom.dcmread(path)
    content = io.BytesIO()
    Image.new("L", (3000, 3000)).save(content, "JPEG")
    data.PixelData = pydicom.encaps.encapsulate([content.getvalue()])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    data.save_as(path)
    with pytest.raises(ClipReadError, match=r"clip\.dcm states 1 frames but 0 can be decoded"):
        ClipReader().read(path)


def test_color_doppler_that_begins_late_is_refused_where_it_begins(frames, write):
    gray = np.repeat(frames[..., None], 3, axis=-1)
    gray[3, 10:20, 10:20] = (255, 80, 0)
    given = []
    with open_clip(write(gray, "RGB")) as stream, pytest.raises(ClipReadError, match="shows color Doppler"):
        for frame in stream:
            given.append(frame)
    assert len(given) == 3
    with open_clip(write(gray, "RGB"), ReadOptions(force=True)) as stream:
        assert stream.meta["mode"] == "unknown" and len(list(stream)) == 5
    assert stream.meta["mode"] == "color Doppler"


def test_more_frames_than_stated_are_refused_or_left_out(frames, write):
    path = write(frames, compress=uid.RLELossless)
    data = pydicom.dcmread(path)
    data.NumberOfFrames = 3
    data.save_as(path)
    with pytest.raises(ClipReadError, match=r"clip\.dcm states 3 frames but more can be decoded"):
        ClipReader().read(path)
    read = ClipReader(allow_partial=True).read(path)
    np.testing.assert_array_equal(read.pixels, upright(frames[:3]))
    assert read.meta["partial"] is True


def test_warnings_of_others_are_heard_while_a_stream_is_open(frames, write):
    with open_clip(write(frames)) as stream:
        next(iter(stream))
        with pytest.warns(UserWarning, match="heard"):
            warnings.warn("heard", stacklevel=1)


def test_pydicoms_own_echo_is_thirty_upright_frames_with_a_region_that_does_not_fit():
    read = ClipReader(crop=True).read(example("ybr_color"))
    assert read.pixels.shape == (320, 240, 30)  # not cropped: the place of the region is as wrong as its spacing
    assert read.meta["spacing_trust"] == "scaled" and read.meta["mode"] == "B-mode"
    assert read.meta["frame_time_ms"] == pytest.approx(33.333)
    sector, corner = read.pixels[120:200, 60:180].mean(), read.pixels[10:50, 150:200].mean()
    assert sector > 4 * corner


@pytest.mark.parametrize("name", ["fragmented_no_bot_jpeg_baseline.50", "implicit_little_endian"])
def test_a_real_clip_is_recognized_as_color_doppler_by_its_pixels(real_data, name):
    path = real_data / "dicom_us" / f"dicomParser_IM00001.{name}.dcm"
    with pytest.raises(ClipReadError, match="shows color Doppler"):
        ClipReader().read(path)
    read = ClipReader(force=True, crop=True).read(path)
    assert read.pixels.shape == (320, 202, 8)
    assert read.meta["frame_time_source"] == "FrameTimeVector" and read.meta["spacing_trust"] == "conflict"


def test_a_real_clip_in_lossless_jpeg_is_read_with_its_spacing(real_data):
    read = ClipReader().read(real_data / "dicom_us" / "pylibjpeg_JPEGLosslessP14SV1_3s_2f_u_08_08.dcm")
    assert read.pixels.shape == (1024, 768, 2)
    assert read.meta["spacing_trust"] == "ok" and read.meta["frame_time_ms"] == pytest.approx(31.9652)
    np.testing.assert_allclose(np.diag(read.affine)[:2], -0.02774, rtol=1e-3)
