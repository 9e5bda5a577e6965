"""Pixels that do not fit the header are found before they are decoded."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.clip_files import refused_with_little_memory
from tests.data.dicom_files import colored

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import encaps, uid  # noqa: E402


def resaved(path, **attributes):
    """Change attributes of a file that is written already, so that its pixels stay."""
    data = pydicom.dcmread(path)
    for name, value in attributes.items():
        setattr(data, name, value)
    data.save_as(path)
    return path


@pytest.mark.parametrize(
    "attributes", [{"NumberOfFrames": 4}, {"NumberOfFrames": 1}, {"Columns": 49}, {"Rows": 39}], ids=str
)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "RGB"])
def test_uncompressed_pixels_that_are_longer_than_the_header_says_are_refused(
    attributes, photometric, frames, write_dicom
):
    pixels = colored(frames) if photometric == "RGB" else frames
    path = resaved(write_dicom(pixels, photometric), **attributes)
    with pytest.raises(ClipReadError, match=f"has {pixels.size} bytes of pixels, but its rows, columns, and frames"):
        ClipReader(allow_partial=True).read(path)


@pytest.mark.parametrize(
    ("photometric", "attributes"),
    [
        *itertools.product(["MONOCHROME2", "RGB"], [{"Columns": 51}, {"Rows": 41}]),
        ("MONOCHROME2", {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}),
    ],
    ids=str,
)
def test_frames_of_a_smaller_size_than_stated_are_not_read_in_part(attributes, photometric, frames, write_dicom):
    pixels = colored(frames) if photometric == "RGB" else frames
    path = resaved(write_dicom(pixels, photometric), **attributes)
    with pytest.raises(ClipReadError, match=f"has {pixels.size} bytes of pixels, but its rows, columns, and frames"):
        ClipReader(allow_partial=True).read(path)


@pytest.mark.parametrize("kept", [3 * 2000, 3 * 2000 + 700, 4 * 2000 + 1])
def test_a_lost_end_can_be_read_in_part(kept, frames, write_dicom):
    path = write_dicom(frames, PixelData=frames.tobytes()[:kept] + bytes(kept % 2))
    with pytest.raises(ClipReadError, match=f"states 5 frames but {kept // 2000} can be decoded"):
        ClipReader().read(path)
    read = ClipReader(allow_partial=True).read(path)
    np.testing.assert_array_equal(read.pixels, frames[: kept // 2000].transpose(2, 1, 0))


@pytest.mark.parametrize("padding", [2, 38])
def test_padding_of_less_than_a_row_is_no_pixel(padding, frames, write_dicom):
    path = write_dicom(frames, PixelData=frames.tobytes() + bytes(padding))
    np.testing.assert_array_equal(ClipReader().read(path).pixels, frames.transpose(2, 1, 0))
    with pytest.raises(ClipReadError, match=f"has {frames.size + 40} bytes"):
        ClipReader().read(write_dicom(frames, PixelData=frames.tobytes() + bytes(40)))


@pytest.mark.parametrize("syntax", ["ImplicitVRLittleEndian", "ExplicitVRLittleEndian", "ExplicitVRBigEndian"])
@pytest.mark.parametrize("shape", [(5, 40, 50), (3, 5, 7)], ids=["even", "padded by a byte"])
def test_pixels_of_the_right_length_are_read_in_every_encoding(syntax, shape, write_dicom):
    frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    path = write_dicom(frames)
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = getattr(uid, syntax)
    implicit, little = syntax.startswith("Implicit"), syntax.endswith("Little")
    pydicom.dcmwrite(path, data, implicit_vr=implicit, little_endian="LittleEndian" in syntax or little)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, frames.transpose(2, 1, 0))
    path = resaved(path, NumberOfFrames=shape[0] - 1)
    with pytest.raises(ClipReadError, match="bytes of pixels"):
        ClipReader().read(path)


@pytest.mark.parametrize("attributes", [{"Columns": 49}, {"Rows": 39}, {"Rows": 41}], ids=str)
@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=lambda s: s.name)
def test_compressed_frames_of_another_size_are_refused(attributes, syntax, frames, write_dicom):
    path = resaved(write_dicom(frames, compress=syntax), **attributes)
    found = "it holds 2000 pixels" if syntax == uid.RLELossless else "it states 40 rows and 50 columns"
    with pytest.raises(ClipReadError, match=f"0 can be decoded, and frame 0 is damaged: {found}, and the header"):
        ClipReader().read(path)


@pytest.mark.parametrize("stated", [1, 4, 6])
@pytest.mark.parametrize("table", [True, False], ids=["offset table", "no offset table"])
def test_more_or_fewer_compressed_frames_than_stated_are_refused(stated, table, frames, write_dicom):
    path = write_dicom(frames, compress=uid.JPEG2000Lossless)
    data = pydicom.dcmread(path)
    streams = list(encaps.generate_frames(data.PixelData, number_of_frames=5))
    data.PixelData, data.NumberOfFrames = encaps.encapsulate(streams, has_bot=table), stated
    data.save_as(path)
    with pytest.raises(ClipReadError, match=f"states {stated} frames? but"):
        ClipReader().read(path)


def test_a_frame_in_several_fragments_is_one_frame(frames, write_dicom):
    path = write_dicom(frames[:1], compress=uid.JPEG2000Lossless)
    data = pydicom.dcmread(path)
    (stream,) = encaps.generate_frames(data.PixelData, number_of_frames=1)
    data.PixelData = encaps.encapsulate([stream], fragments_per_frame=3, has_bot=False)
    data.save_as(path)
    np.testing.assert_array_equal(ClipReader().read(path).pixels[..., 0], frames[0].T)


def test_a_header_of_absurd_length_is_not_converted(frames, write_dicom):
    path = write_dicom(frames, RedPaletteColorLookupTableData=bytes(3_000_000))
    refused_with_little_memory(path, "cannot be read as DICOM")


@pytest.mark.parametrize("name", ["NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated"])
def test_several_numbers_where_one_belongs_are_refused_by_name(name, frames, write_dicom):
    path = write_dicom(frames)
    data = pydicom.dcmread(path)
    setattr(data, name, [5, 5])
    data.save_as(path)
    with pytest.raises(ClipReadError, match=f"does not state {name} as one whole number"):
        ClipReader().read(path)


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit", "explicit"])
def test_an_encoding_that_the_file_does_not_state_is_refused(implicit, frames, write_dicom):
    path = write_dicom(frames)
    data = pydicom.dcmread(path)
    data.file_meta.TransferSyntaxUID = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    pydicom.dcmwrite(path, data, implicit_vr=implicit, little_endian=True)
    assert ClipReader().read(path).pixels.shape == (50, 40, 5)
    stated = {True: b"1.2.840.10008.1.2\0", False: b"1.2.840.10008.1.2.1\0"}
    content, (right, wrong) = path.read_bytes(), (stated[implicit], stated[not implicit])
    place = content.index(right)
    head = bytearray(content[:place])
    head[-2:] = len(wrong).to_bytes(2, "little")
    group = head.index(b"\x02\0\0\0UL") + 8
    length = int.from_bytes(head[group : group + 4], "little") + len(wrong) - len(right)
    head[group : group + 4] = length.to_bytes(4, "little")
    path.write_bytes(bytes(head) + wrong + content[place + len(right) :])
    with pytest.raises(ClipReadError, match=f"is stored in {'implicit' if implicit else 'explicit'} VR"):
        ClipReader().read(path)


@pytest.mark.parametrize(
    "table", [lambda offsets: 0 * offsets, lambda offsets: offsets + 2, lambda offsets: offsets[:1]]
)
def test_a_wrong_offset_table_does_not_matter(table, frames, write_dicom):
    path = write_dicom(frames, compress=uid.JPEG2000Lossless)
    data = pydicom.dcmread(path)
    streams = list(encaps.generate_frames(data.PixelData, number_of_frames=5))
    content = encaps.encapsulate(streams, has_bot=True)
    offsets = table(np.frombuffer(content[8:28], "<u4")).astype("<u4").tobytes()
    data.PixelData = content[:4] + len(offsets).to_bytes(4, "little") + offsets + content[28:]
    data["PixelData"].is_undefined_length = True
    data.save_as(path)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, frames.transpose(2, 1, 0))


def test_a_jpeg_without_its_end_marker_is_named(frames, write_dicom):
    path = write_dicom(frames)
    data, streams = pydicom.dcmread(path), []
    for frame in frames:
        content = io.BytesIO()
        Image.fromarray(frame).save(content, "JPEG")
        streams.append(content.getvalue())
    data.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    for end, count in ((bytes(8), 5), (None, 3)):  # padding is no damage
        changed = [
            stream + end if end else stream[: -2 if number == 3 else None] for number, stream in enumerate(streams)
        ]
        data.PixelData = encaps.encapsulate(changed)
        data["PixelData"].is_undefined_length = True
        data.save_as(path)
        if count == 5:
            assert ClipReader().read(path).pixels.shape == (50, 40, 5)
        else:
            with pytest.raises(ClipReadError, match="frame 3 is damaged: it has no end marker"):
                ClipReader().read(path)
