"""Every way to store pixels in DICOM gives the same gray frames."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError
from gdkvm_monai.data.clip import luma
from tests.data.dicom_files import colored, example, upright

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


def test_monochrome1_is_inverted(frames, write_dicom):
    np.testing.assert_array_equal(ClipReader().read(write_dicom(frames, "MONOCHROME1")).pixels, 255 - upright(frames))


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_in_either_order_becomes_luma(frames, write_dicom, planar):
    rgb = colored(frames)
    read = ClipReader().read(write_dicom(rgb, "RGB", PlanarConfiguration=planar))
    np.testing.assert_array_equal(read.pixels, upright(luma(rgb)))


def test_ybr_gives_its_luma(frames, write_dicom):
    ybr = np.stack([frames // 2 + 60, np.full_like(frames, 120), np.full_like(frames, 136)], axis=-1)
    read = ClipReader().read(write_dicom(ybr, "YBR_FULL"))
    assert np.abs(read.pixels.astype(int) - upright(ybr[..., 0])).max() <= 1
    pairs = ybr[:, :, ::2]  # YBR_FULL_422 stores Y1 Y2 Cb Cr for each two pixels
    packed = np.stack([ybr[:, :, ::2, 0], ybr[:, :, 1::2, 0], pairs[..., 1], pairs[..., 2]], axis=-1)
    path = write_dicom(ybr, "YBR_FULL_422", PixelData=packed.tobytes())
    assert np.abs(ClipReader().read(path).pixels.astype(int) - upright(ybr[..., 0])).max() <= 1


def test_ycbcr_that_is_called_rgb_is_recognized_by_its_neutral_chrominance(frames, write_dicom):
    ybr = np.stack([frames, np.full_like(frames, 127), np.full_like(frames, 129)], axis=-1)
    read = ClipReader().read(write_dicom(ybr, "RGB"))
    assert read.meta["mode"] == "unknown" and np.abs(read.pixels.astype(int) - upright(frames)).max() <= 2


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_looked_up(frames, write_dicom, bits):
    table = np.arange(256)[::-1] * (257 if bits == 16 else 1)
    palette = {}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        palette[f"{color}PaletteColorLookupTableData"] = table.astype("<u2" if bits == 16 else "u1").tobytes()
    read = ClipReader().read(write_dicom(frames, "PALETTE COLOR", **palette))
    np.testing.assert_array_equal(read.pixels, 255 - upright(frames))


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=lambda s: s.name)
def test_compressed_frames_decode_to_the_original_frames(frames, write_dicom, syntax):
    for pixels, photometric in ((frames, "MONOCHROME2"), (colored(frames), "RGB")):
        try:
            path = write_dicom(pixels, photometric, compress=syntax)
        except RuntimeError as error:
            pytest.skip(f"no encoder: {error}")
        expected = luma(pixels) if pixels.ndim == 4 else pixels
        np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(expected))


def test_a_missing_decoder_is_named_with_the_command_that_installs_it(frames, write_dicom, monkeypatch):
    path = write_dicom(frames)
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


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("ybr_color", (30, 240, 320), "d7a58d1e5427d30719d263f6ff39f312a738f15eaccb509f7b6d574bdd1f97d7"),
        ("rgb_color", (1, 240, 320), "a66f272e06ee44037a865596f444a68d74df14f8f9b31495a99bd32ce4db37d7"),
        ("palette_color", (1, 350, 800), "e427923b948917dbc1d65f3bffee47f2128791acf568f4a14f5b264e81c68b1d"),
        ("jpeg2k", (1, 480, 640), "87048de5b47a4b3008657ee8847405d7b98f522547caca62d6c97d26c768f04b"),
    ],
)
def test_every_color_space_of_pydicoms_test_ultrasound_gives_the_same_gray_as_before(name, shape, expected):
    frames = ClipReader(force=True).read(example(name)).pixels.transpose(2, 1, 0)
    assert frames.shape == shape
    assert hashlib.sha256(frames.tobytes()).hexdigest() == expected


def test_a_jpeg_that_inflates_to_more_than_its_header_states_is_refused(frames, write_dicom):
    path = write_dicom(frames[:1], NumberOfFrames=1)
    data = pydicom.dcmread(path)
    content = io.BytesIO()
    Image.new("L", (3000, 3000)).save(content, "JPEG")
    data.PixelData = pydicom.encaps.encapsulate([content.getvalue()])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    data.save_as(path)
    with pytest.raises(ClipReadError, match=r"clip\.dcm states 1 frame but 0 can be decoded"):
        ClipReader().read(path)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=lambda s: s.name)
def test_a_planar_configuration_that_compressed_frames_do_not_have_is_ignored(frames, write_dicom, syntax):
    rgb = colored(frames)
    path = write_dicom(rgb, "RGB", compress=syntax)
    data = pydicom.dcmread(path)
    data.PlanarConfiguration = 1
    data.save_as(path)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(luma(rgb)))
