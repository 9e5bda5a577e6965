"""A DICOM of a phantom is synthetic, valid, and of other UIDs for other pixels."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from gdkvm_monai.data import ClipReader
from gdkvm_monai.data.phantom import PhantomClip, write_clip
from tests.data.phantom.written import RATE_HZ


def test_the_dicom_header_is_synthetic_and_other_clips_have_other_uids(clip, written, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    data = pydicom.dcmread(written("dicom"))
    assert (data.PatientName, data.PatientID, data.QualityControlSubject) == ("PHANTOM^0003", "PHANTOM-0-3", "YES")
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.3.1" and data.PhotometricInterpretation == "MONOCHROME2"
    assert (data.NumberOfFrames, data.Rows, data.Columns) == (clip.image.shape[2], 48, 64)
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    brighter = PhantomClip(clip.phantom, "4CH", RATE_HZ, clip.image // 2, clip.label, clip.spacing_mm)
    write_clip(tmp_path / "other.dcm", brighter, "dicom")
    other = pydicom.dcmread(tmp_path / "other.dcm")
    assert other.StudyInstanceUID == data.StudyInstanceUID and other.SOPInstanceUID != data.SOPInstanceUID
    uids = [data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID]
    assert len(set(uids)) == 3 and all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


def test_an_rgb_dicom_shows_the_same_gray_and_another_patients_name_can_be_planted(clip, tmp_path):
    pydicom = pytest.importorskip("pydicom")
    path = tmp_path / "clip.dcm"
    write_clip(path, clip, "dicom", photometric="RGB", patient_name="Plänted^Person", patient_id="planted-id")
    np.testing.assert_array_equal(ClipReader().read(path).pixels, clip.image)
    data = pydicom.dcmread(path)
    assert (data.PatientName, data.PatientID, data.SamplesPerPixel) == ("Plänted^Person", "planted-id", 3)
    with pytest.raises(ValueError, match="photometric = 'YBR' is unknown; choose one of MONOCHROME2, RGB"):
        write_clip(tmp_path / "other.dcm", clip, "dicom", photometric="YBR")
    assert [file.name for file in tmp_path.iterdir()] == ["clip.dcm"]


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "RGB"])
def test_dciodvfy_reports_no_error(clip, tmp_path, photometric):
    pytest.importorskip("pydicom")
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is absent; install Debian's package dicom3tools")
    odd = PhantomClip(clip.phantom, "4CH", 30, clip.image[:63, :47, :3], clip.label[:63, :47, :3], clip.spacing_mm)
    write_clip(tmp_path / "clip.dcm", odd, "dicom", photometric=photometric)
    run = subprocess.run(["dciodvfy", str(tmp_path / "clip.dcm")], capture_output=True, text=True)
    told = run.stdout + run.stderr
    assert "USMultiFrameImage" in told and "Error" not in told and "Warning" not in told
