"""A file that is not encoded as its header says is refused by that cause, also if its end may be missing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import encaps, uid  # noqa: E402

READER = ClipReader(allow_partial=True)


def jpeg(frame: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(frame).save(content, "JPEG")
    return content.getvalue()


@pytest.fixture(params=["JPEG", "RLE", "JPEG-LS", "JPEG 2000"])
def compressed(request, frames, write_dicom):
    """The name of a compression and a file that is compressed so."""
    if request.param == "JPEG":
        path = write_dicom(frames)
        change(path, uid.JPEGBaseline8Bit, PixelData=encaps.encapsulate([jpeg(frame) for frame in frames]))
        return request.param, path
    syntax = {"RLE": uid.RLELossless, "JPEG-LS": uid.JPEGLSLossless, "JPEG 2000": uid.JPEG2000Lossless}[request.param]
    return request.param, write_dicom(frames, compress=syntax)


def change(path, syntax=None, **attributes) -> None:
    """Change the transfer syntax and attributes of a file, and not its pixels."""
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = syntax or data.file_meta.TransferSyntaxUID
    for name, value in attributes.items():
        setattr(data, name, value)
    data["PixelData"].is_undefined_length = data.PixelData.startswith(b"\xfe\xff\x00\xe0")
    data["PixelData"].VR = "OB"
    data.save_as(path, implicit_vr=data.file_meta.TransferSyntaxUID == uid.ImplicitVRLittleEndian, little_endian=True)


def relabel(path, syntax: str) -> None:
    """Replace the transfer syntax in a file, in which it is padded to the same length."""
    content = path.read_bytes()
    length = content.index(b"\x02\0\x10\0UI") + 6
    old = int.from_bytes(content[length : length + 2], "little")
    new = syntax.encode() + bytes(len(syntax) % 2)
    group = content.index(b"\x02\0\0\0UL") + 8
    total = int.from_bytes(content[group : group + 4], "little") + len(new) - old
    head = content[:group] + total.to_bytes(4, "little") + content[group + 4 : length]
    path.write_bytes(head + len(new).to_bytes(2, "little") + new + content[length + 2 + old :])


SYNTAXES = [uid.JPEGBaseline8Bit, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.RLELossless]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name[:13])
def test_another_compression_than_the_stated_one_is_named(syntax, compressed):
    kind, path = compressed
    if pydicom.dcmread(path).file_meta.TransferSyntaxUID == syntax:
        assert READER.read(path).pixels.shape == (50, 40, 5)
        return
    change(path, syntax)
    with pytest.raises(ClipReadError, match=f"is compressed by {kind}, but its transfer syntax is {syntax.name[:13]}"):
        READER.read(path)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian], ids=lambda s: s.name[:8])
def test_compressed_frames_that_are_called_uncompressed_are_not_read_as_noise(syntax, compressed):
    change(compressed[1], syntax)
    with pytest.raises(ClipReadError, match=f"holds compressed frames, but its transfer syntax, {syntax.name}"):
        READER.read(compressed[1])


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name[:13])
def test_uncompressed_pixels_that_are_called_compressed_are_refused_as_such(syntax, frames, write_dicom):
    path = write_dicom(frames)
    relabel(path, syntax)
    with pytest.raises(ClipReadError, match="is not compressed, but its transfer syntax is"):
        READER.read(path)


def test_other_samples_than_those_of_the_compressed_frames_are_named(compressed):
    kind, path = compressed
    change(path, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    found = "8 bits per pixel" if kind == "RLE" else "1 sample per pixel"
    with pytest.raises(ClipReadError, match=f"states SamplesPerPixel 3 .*its compressed frames have {found}"):
        READER.read(path)


def test_other_bits_than_those_of_jpeg_frames_are_named(frames, write_dicom):
    for allocated, stored in ((16, 12), (16, 8), (8, 7)):
        path = write_dicom(frames)
        change(path, uid.JPEGBaseline8Bit, PixelData=encaps.encapsulate([jpeg(frame) for frame in frames]),
               BitsAllocated=allocated, BitsStored=stored, HighBit=stored - 1)  # fmt: skip
        with pytest.raises(
            ClipReadError, match=f"states BitsStored {stored} of {allocated}, .* have 8 bits per sample"
        ):
            READER.read(path)


def test_bits_above_the_stated_ones_are_not_cleared_in_rle(frames, write_dicom):
    path = write_dicom(frames, compress=uid.RLELossless)
    change(path, BitsStored=7, HighBit=6)
    with pytest.raises(ClipReadError, match="bit 6 is the highest of 7 bits, but has values of 8 bits"):
        READER.read(path)


@pytest.mark.parametrize("syntax", ["1.2.840.113619.5.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4711"])
def test_a_transfer_syntax_that_dicom_does_not_define_is_refused_and_not_quoted(syntax, frames, write_dicom):
    path = write_dicom(frames)
    relabel(path, syntax)
    with pytest.raises(ClipReadError, match="transfer syntax that DICOM does not define") as info:
        READER.read(path)
    assert syntax not in str(info.value)


@pytest.mark.parametrize("stored", ["little", "big"])
def test_the_other_byte_order_than_the_stated_one_is_named(stored, frames, write_dicom):
    path = write_dicom(frames)
    data = pydicom.dcmread(path)
    right, wrong = uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian
    if stored == "big":
        data.file_meta.TransferSyntaxUID, right, wrong = wrong, wrong, right
        pydicom.dcmwrite(path, data, implicit_vr=False, little_endian=False)
    np.testing.assert_array_equal(READER.read(path).pixels, frames.transpose(2, 1, 0))
    relabel(path, wrong)
    with pytest.raises(ClipReadError, match=f"is stored in {stored} endian, but its transfer syntax says otherwise"):
        READER.read(path)
