"""Lossless JPEG is decoded frame by frame, whatever else the header says."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK

from gdkvm_monai.data import ClipReader, ClipReadError, open_clip

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import encaps, uid  # noqa: E402


@pytest.fixture()
def write_lossless(write_dicom, tmp_path):
    """Write frames ``(T, rows, columns)`` in lossless JPEG."""

    def write(frames, photometric="MONOCHROME2", **attributes):
        path = write_dicom(frames, photometric, **attributes)
        data = pydicom.dcmread(path)
        data.PixelData = encaps.encapsulate([lossless(frame, tmp_path) for frame in frames])
        data["PixelData"].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = uid.JPEGLosslessSV1
        data.save_as(path)
        return path

    return write


def lossless(frame: np.ndarray, folder) -> bytes:
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(folder / "frame.dcm"))
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.Execute(SimpleITK.GetImageFromArray(frame))
    (packed,) = encaps.generate_frames(pydicom.dcmread(folder / "frame.dcm").PixelData, number_of_frames=1)
    return packed


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_frames_are_the_original_ones_and_inverted_once(photometric, frames, write_lossless):
    read = ClipReader().read(write_lossless(frames, photometric)).pixels
    expected = frames if photometric == "MONOCHROME2" else 255 - frames
    np.testing.assert_array_equal(read, expected.transpose(2, 1, 0))


def test_frames_are_decoded_one_at_a_time(frames, write_lossless, monkeypatch):
    calls = []
    read = SimpleITK.ReadImage
    monkeypatch.setattr(SimpleITK, "ReadImage", lambda path: calls.append(path) or read(path))
    with open_clip(write_lossless(frames)) as stream:
        next(iter(stream))
        assert len(calls) == 1


def test_a_rescale_in_the_header_does_not_change_the_pixels(frames, write_lossless):
    read = ClipReader().read(write_lossless(frames, RescaleSlope="3", RescaleIntercept="7")).pixels
    np.testing.assert_array_equal(read, frames.transpose(2, 1, 0))


@pytest.mark.parametrize("attributes", [{"Columns": 49}, {"Rows": 39}, {"NumberOfFrames": 4}, {"NumberOfFrames": 1}])
def test_frames_that_do_not_fit_the_header_are_refused(attributes, frames, write_lossless):
    path = write_lossless(frames)
    data = pydicom.dcmread(path)
    for name, value in attributes.items():
        setattr(data, name, value)
    data.save_as(path)
    with pytest.raises(ClipReadError, match="can be decoded"):
        ClipReader().read(path)
