"""The header of a DICOM clip is untrusted: impossible values are refused."""

from __future__ import annotations

import sys
import tracemalloc
import zlib

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.dicom_files import upright

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402


def test_without_pydicom_the_error_names_the_command_that_installs_it(frames, write_dicom, monkeypatch):
    path = write_dicom(frames)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ClipReadError, match=r'needs pydicom .*install it: pip install "gdkvm-monai\[dicom\]"'):
        ClipReader().read(path)


@pytest.mark.parametrize("content", [b"not a picture" * 50, bytes(128) + b"DICM" + bytes(99)])
def test_a_file_that_is_dicom_by_name_only_is_refused(tmp_path, content):
    (tmp_path / "clip.dcm").write_bytes(content)
    with pytest.raises(ClipReadError, match=r"clip\.dcm cannot be read as DICOM") as error:
        ClipReader().read(tmp_path / "clip.dcm")
    assert ("DICM at byte 128" in str(error.value)) == (b"DICM" not in content)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"NumberOfFrames": None}, "does not state NumberOfFrames"),
        ({"NumberOfFrames": None, "SOPClassUID": uid.UltrasoundImageStorage}, "does not state NumberOfFrames"),
        ({"NumberOfFrames": 0}, "holds no pixels, its size is 50 x 40 x 0"),
        ({"Rows": 0}, "holds no pixels, its size is 50 x 0 x 5"),
        ({"Rows": None}, "does not state Rows;"),
        ({"NumberOfFrames": 2_000_000}, "claims 50 x 40 x 2000000 pixels, max_voxels"),
        ({"PixelData": None}, "holds no pixel data"),
        ({"BitsAllocated": None}, "does not state BitsAllocated;"),
        ({"BitsStored": None, "PixelRepresentation": None}, "does not state BitsStored and PixelRepresentation;"),
        ({"PhotometricInterpretation": None}, "does not state PhotometricInterpretation;"),
        ({"SamplesPerPixel": None}, "does not state SamplesPerPixel;"),
        ({"SamplesPerPixel": 3, "PlanarConfiguration": 0}, "states SamplesPerPixel 3, .*MONOCHROME2, has 1;"),
        ({"BitsAllocated": 12}, "states BitsAllocated 12, expected one of"),
        ({"BitsAllocated": 1}, "states BitsAllocated 1, expected one of"),
        ({"BitsStored": 12}, "states 12 of 8 bits by its BitsStored and BitsAllocated"),
        ({"BitsStored": 0}, "states 0 of 8 bits"),
        (
            {"PhotometricInterpretation": "RGB", "RedPaletteColorLookupTableDescriptor": [256, 0, 8]},
            "states SamplesPerPixel 1, .*RGB, has 3;",
        ),
        ({"PixelRepresentation": 2}, "states PixelRepresentation 2, expected one of"),
        ({"SamplesPerPixel": 4}, "states SamplesPerPixel 4"),
        ({"PhotometricInterpretation": "YBR_FULL"}, "states SamplesPerPixel 1, .*YBR_FULL, has 3;"),
        ({"PhotometricInterpretation": "GREY"}, "states no color space that can be read"),
    ],
)
def test_an_impossible_header_is_refused(frames, write_dicom, attributes, message):
    with pytest.raises(ClipReadError, match=rf"clip\.dcm {message}"):
        ClipReader(allow_partial=True).read(write_dicom(frames, **attributes))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"PlanarConfiguration": None}, "does not state PlanarConfiguration;"),
        ({"PlanarConfiguration": 2}, "states PlanarConfiguration 2, expected one of"),
        ({"PixelRepresentation": 1}, "states that its colors have 8 bits and PixelRepresentation 1, expected 8 and 0"),
        ({"BitsStored": 7}, "states that its colors have 7 bits and PixelRepresentation 0"),
        (
            {"BitsAllocated": 16, "BitsStored": 16},
            "states that its colors have 16 bits .* BitsAllocated 16, expected 8",
        ),
        ({"BitsAllocated": 16, "BitsStored": 8}, "states that its colors have 8 bits .* BitsAllocated 16, expected 8"),
    ],
)
def test_an_impossible_header_of_colors_is_refused(frames, write_dicom, attributes, message):
    path = write_dicom(np.repeat(frames[..., None], 3, axis=-1), "RGB")
    data = pydicom.dcmread(path)
    for name, value in attributes.items():
        setattr(data, name, value)
        if value is None:
            delattr(data, name)
    data.save_as(path)
    with pytest.raises(ClipReadError, match=rf"clip\.dcm {message}"):
        ClipReader(allow_partial=True).read(path)


def test_a_still_does_not_need_a_number_of_frames(frames, write_dicom):
    path = write_dicom(frames[:1], NumberOfFrames=None, SOPClassUID=uid.UltrasoundImageStorage)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, upright(frames[:1]))


def test_a_deflated_file_is_refused_before_it_is_inflated(frames, write_dicom):
    path = write_dicom(frames[:1])
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
