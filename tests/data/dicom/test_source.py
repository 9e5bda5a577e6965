"""A DICOM result copies patient and study from its clip verbatim, if the clip can be referenced."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data import ClipReadError
from gdkvm_monai.data.dicom.source import copy_study, dicom_item, read_source, save_dicom
from tests.data.dicom_files import NAME

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402

UIDS = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}


def test_patient_and_study_are_copied_and_nothing_else(frames, write_dicom):
    header = read_source(write_dicom(frames, StudyDate="20200102", FrameTime=40, **UIDS))
    assert "PixelData" not in header and "FrameTime" not in header
    result = dicom_item()
    copy_study(header, result)
    assert (result.PatientName, result.PatientID, result.StudyDate) == (NAME, "planted-id", "20200102")
    assert result.StudyInstanceUID == "1.2.3" and "SeriesInstanceUID" not in result
    assert result.AccessionNumber is None and "NumberOfFrames" not in result


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"SOPClassUID": uid.UltrasoundImageStorage}, "is not a multi-frame ultrasound DICOM"),
        ({"NumberOfFrames": None}, "does not state its rows, columns, and frames"),
        ({"Rows": 0}, "does not state its rows, columns, and frames"),
        ({"StudyInstanceUID": "1.2/../../etc"}, "has no valid StudyInstanceUID"),
        ({"SeriesInstanceUID": ""}, "has no valid SeriesInstanceUID"),
    ],
)
def test_a_clip_that_cannot_be_referenced_is_refused(frames, write_dicom, attributes, message):
    with pytest.raises(ClipReadError, match=message):
        read_source(write_dicom(frames, **UIDS | attributes))


def test_a_missing_file_or_one_that_is_not_dicom_is_refused(tmp_path):
    (tmp_path / "clip.dcm").write_bytes(b"no DICOM" * 100)
    with pytest.raises(ClipReadError, match="cannot be read as DICOM"):
        read_source(tmp_path / "clip.dcm")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_source(tmp_path / "absent.dcm")


def test_a_result_that_cannot_be_encoded_keeps_the_existing_file(frames, write_dicom):
    path = write_dicom(frames, **UIDS)
    before, broken = path.read_bytes(), pydicom.dcmread(path)
    broken.Rows = np.zeros((2, 2))
    with pytest.raises(Exception):
        save_dicom(broken, path)
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == ["clip.dcm"]
