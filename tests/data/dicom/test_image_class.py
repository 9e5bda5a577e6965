"""Only ultrasound is read: a knee or a dose grid has no ejection fraction."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader, ClipReadError

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402

RETIRED = ("1.2.840.10008.5.1.4.1.1.3", "1.2.840.10008.5.1.4.1.1.6")
CAPTURES = ("1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.7.2", "1.2.840.10008.5.1.4.1.1.7.4")


@pytest.mark.parametrize("kind", [uid.UltrasoundImageStorage, uid.UltrasoundMultiFrameImageStorage, *RETIRED])
def test_ultrasound_is_read_whatever_its_modality_says(kind, frames, write_dicom):
    for modality in ({}, {"Modality": "OT"}, {"Modality": "us"}):
        read = ClipReader().read(write_dicom(frames, SOPClassUID=kind, **modality))
        np.testing.assert_array_equal(read.pixels, frames.transpose(2, 1, 0))


@pytest.mark.parametrize("modality", ["CT", "MR", "XA", "IVUS", "Doe^Jane"])
@pytest.mark.parametrize("kind", [uid.UltrasoundMultiFrameImageStorage, RETIRED[0]])
def test_ultrasound_whose_modality_says_otherwise_is_refused_and_the_modality_not_quoted(
    kind, modality, frames, write_dicom
):
    with pytest.raises(ClipReadError, match="but states another modality than ultrasound") as info:
        ClipReader(force=True).read(write_dicom(frames, SOPClassUID=kind, Modality=modality))
    assert "Doe" not in str(info.value)


def with_class_in_file_meta(path, kind):
    data = pydicom.dcmread(path)
    data.file_meta.MediaStorageSOPClassUID = kind
    pydicom.dcmwrite(path, data)
    return path


@pytest.mark.parametrize(
    ("kind", "named"), [(uid.CTImageStorage, "CT Image Storage"), ("1.2.3.4711", "an image of an unknown class")]
)
def test_a_file_meta_header_of_another_class_is_refused_by_its_name(kind, named, frames, write_dicom):
    with pytest.raises(
        ClipReadError, match=f"{named} in its file meta header, but of the class Ultrasound Multi-frame"
    ):
        ClipReader().read(with_class_in_file_meta(write_dicom(frames), kind))


def test_a_file_meta_header_of_a_secondary_capture_marks_the_clip_as_one(frames, write_dicom):
    assert (
        ClipReader().read(with_class_in_file_meta(write_dicom(frames), CAPTURES[0])).meta["secondary_capture"] is True
    )
    assert "secondary_capture" not in ClipReader().read(with_class_in_file_meta(write_dicom(frames), RETIRED[0])).meta


@pytest.mark.parametrize("kind", CAPTURES)
@pytest.mark.parametrize("ultrasound", ["US", "us"])
def test_a_secondary_capture_is_read_if_its_modality_is_ultrasound(kind, ultrasound, frames, write_dicom):
    read = ClipReader().read(write_dicom(frames, SOPClassUID=kind, Modality=ultrasound))
    assert read.pixels.shape == (50, 40, 5) and read.meta["secondary_capture"] is True
    for modality in ({}, {"Modality": "MR"}):
        with pytest.raises(ClipReadError, match="Secondary Capture.* and of another modality"):
            ClipReader().read(write_dicom(frames, SOPClassUID=kind, **modality))


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (uid.MRImageStorage, "MR Image Storage"),
        (uid.EnhancedMRImageStorage, "Enhanced MR Image Storage"),
        (uid.XRayAngiographicImageStorage, "X-Ray Angiographic Image Storage"),
        (uid.CTImageStorage, "CT Image Storage"),
        (uid.RTDoseStorage, "RT Dose Storage"),
        (uid.EnhancedUSVolumeStorage, "Enhanced US Volume Storage"),
        (uid.SegmentationStorage, "Segmentation Storage"),
        ("1.2.826.0.1.3680043.4711", "an image of an unknown class"),
    ],
)
def test_any_other_image_is_refused_by_the_name_of_its_class(kind, named, frames, write_dicom):
    path = write_dicom(frames, SOPClassUID=kind, Modality="US")
    for force in (False, True):
        with pytest.raises(ClipReadError, match=named) as info:
            ClipReader(force=force).read(path)
        assert "4711" not in str(info.value)
