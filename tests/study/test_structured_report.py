"""A structured report holds the numbers that were measured, with units and frames, and no others."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.labels import STRUCTURE_CODES
from gdkvm_monai.study.dicom_segmentation import write_dicom_segmentation
from gdkvm_monai.study.measurements import BeatMean, Method, PhaseFrames
from gdkvm_monai.study.structured_report import write_structured_report
from tests.study.records import BEAT, MEASUREMENTS

highdicom = pytest.importorskip("highdicom", reason="highdicom is absent; install it by pip install highdicom")
import pydicom  # noqa: E402
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

UNKNOWN = dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent"))
NO_BEAT = replace(MEASUREMENTS, beats=(), mean=BeatMean(n_beats=0, ef_sd_percent=None, **UNKNOWN))


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.dcm")


def write_clip(path, **attributes):
    """Write the header of an ultrasound clip."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.SpecificCharacterSet = uid.UltrasoundMultiFrameImageStorage, "ISO_IR 100"
    data.SOPInstanceUID, data.StudyInstanceUID, data.SeriesInstanceUID = (uid.generate_uid() for _ in range(3))
    data.PatientName, data.PatientID, data.PatientBirthDate, data.PatientSex = "Müller^Zoë", "id-1", "19010203", "F"
    data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20200102", "030405", "7", "A1"
    data.NumberOfFrames, data.Rows, data.Columns = 42, 13, 21
    with pydicom.config.disable_value_validation():
        for name, value in attributes.items():
            setattr(data, name, value)
        data.save_as(path, enforce_file_format=True)
    return path


def read_groups(path) -> list[dict]:
    """Value and unit by meaning, of each group."""
    groups = highdicom.sr.srread(path).content.get_image_measurement_groups()
    return [{item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()} for group in groups]


def read_texts(path) -> list[str]:
    found = highdicom.sr.utils.find_content_items(highdicom.sr.srread(path), value_type="TEXT", recursive=True)
    return [item.TextValue for item in found]


def check_dicom(path) -> None:
    """Run dciodvfy, the validator of the dicom3tools."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is absent; install dicom3tools")
    result = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace")
    assert "Error" not in result.stdout + result.stderr, result.stdout + result.stderr


def test_measurements_are_read_back_with_their_units(tmp_path, clip):
    path = write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS)
    beat = {
        "Left Ventricular Ejection Fraction by US": (57.2, "%"),
        "Left Ventricular End Diastolic Volume": (112.3, "mL"),
        "Left Ventricular End Systolic Volume": (48.1, "mL"),
        "Stroke Volume": (64.2, "mL"),
    }
    sizes = {
        "Left Ventricle diastolic major axis": (88.4, "mm"),
        "Left Ventricle systolic major axis": (71.6, "mm"),
        "Left Ventricular Fractional Area Change": (44.4, "%"),
        "Cardiac Output": (5.21, "L/min"),
        "Left atrial end systolic volume single plane 4C (MOD)": (52.3, "mL"),
    }
    assert read_groups(path) == [{**beat, "Heart rate": (81.1, "{H.B.}/min"), **sizes}, beat]
    texts = read_texts(path)
    assert MEASUREMENTS.notice in texts and "check: the frame rate is 15 Hz." in texts
    check_dicom(path)


@pytest.mark.parametrize(("method", "code"), [("single-plane-a4c", "125208"), ("biplane", "125207"), ("other", None)])
def test_the_method_is_coded_if_it_has_a_code(tmp_path, clip, method, code):
    measured = replace(MEASUREMENTS, method=Method(method, "some method"))
    report = highdicom.sr.srread(write_structured_report(tmp_path / "sr.dcm", clip, measured))
    fraction = report.content.get_image_measurement_groups()[1].get_measurements()[0]
    assert (fraction.method and fraction.method.value) == code


def test_the_atrial_volume_is_that_of_the_atrium_in_the_stated_view(tmp_path, clip):
    def atrial_volume(view):
        measured = replace(MEASUREMENTS, clip=replace(MEASUREMENTS.clip, view=view))
        report = highdicom.sr.srread(write_structured_report(tmp_path / "sr.dcm", clip, measured))
        items = report.content.get_image_measurement_groups()[0].get_measurements()
        return [
            (item.name.meaning[-8:], item.finding_sites[0].value.value)
            for item in items
            if "atrial" in item.name.meaning
        ]

    atrium = STRUCTURE_CODES["LA"].value
    assert atrial_volume("4CH") == [("4C (MOD)", atrium)] and atrial_volume("2CH") == [("2C (MOD)", atrium)]
    assert atrial_volume(None) == [], "without a view there is no code"


def test_volumes_of_a_beat_reference_its_frames_counted_from_one(tmp_path, clip):
    report = highdicom.sr.srread(write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS))
    fraction, diastolic, systolic, _ = report.content.get_image_measurement_groups()[1].get_measurements()
    frames = [list(np.atleast_1d(item.referenced_images[0].referenced_frame_numbers)) for item in (diastolic, systolic)]
    assert frames == [[4], [19]]
    assert list(fraction.referenced_images[0].referenced_frame_numbers) == [4, 19]


def test_a_clip_of_the_retired_class_is_referenced_by_its_class(tmp_path, clip):
    retired = "1.2.840.10008.5.1.4.1.1.3"
    with pydicom.config.disable_value_validation():
        data = pydicom.dcmread(clip)
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = retired
        data.save_as(tmp_path / "retired.dcm")
    write_structured_report(tmp_path / "sr.dcm", tmp_path / "retired.dcm", MEASUREMENTS)
    written = pydicom.dcmread(tmp_path / "sr.dcm").iterall()
    assert {element.value for element in written if element.keyword == "ReferencedSOPClassUID"} == {retired}


def test_unknown_numbers_are_omitted(tmp_path, clip):
    measured = replace(
        MEASUREMENTS,
        mean=replace(MEASUREMENTS.mean, edv_ml=None, esv_ml=None, sv_ml=None),
        beats=(replace(BEAT, **UNKNOWN),),
        phases=replace(MEASUREMENTS.phases, heart_rate_bpm=None),
        dimensions=None,
    )
    path = write_structured_report(tmp_path / "sr.dcm", clip, measured)
    assert read_groups(path) == [{"Left Ventricular Ejection Fraction by US": (57.2, "%")}]
    check_dicom(path)


def test_a_heart_rate_alone_is_reported_with_the_reason(tmp_path, clip):
    measured = replace(NO_BEAT, ef_withheld="The base of the ventricle is cut off.")
    path = write_structured_report(tmp_path / "sr.dcm", clip, measured)
    assert read_groups(path) == [{"Heart rate": (81.1, "{H.B.}/min")}]
    assert measured.ef_withheld in read_texts(path)


def test_a_clip_in_which_nothing_was_measured_has_no_report(tmp_path, clip):
    measured = replace(NO_BEAT, phases=PhaseFrames((), (), None, "No beat.", False, "unknown"))
    with pytest.raises(ValueError, match="nothing was measured .* No beat"):
        write_structured_report(tmp_path / "sr.dcm", clip, measured)
    assert not (tmp_path / "sr.dcm").exists()


def test_the_report_is_never_verified_and_complete_unless_frames_are_missing(tmp_path, clip):
    for partial, flag in ((False, "COMPLETE"), (True, "PARTIAL")):
        measured = replace(MEASUREMENTS, clip=replace(MEASUREMENTS.clip, partial=partial))
        report = pydicom.dcmread(write_structured_report(tmp_path / "sr.dcm", clip, measured))
        flags = report.CompletionFlag, report.PreliminaryFlag, report.VerificationFlag
        assert flags == (flag, "PRELIMINARY", "UNVERIFIED")


def test_patient_and_study_are_copied_from_the_clip(tmp_path, clip):
    source, report = pydicom.dcmread(clip), pydicom.dcmread(
        write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS)
    )
    names = ("StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime")
    assert [str(report[name].value) for name in names] == [str(source[name].value) for name in names]
    assert report.SOPInstanceUID == report.file_meta.MediaStorageSOPInstanceUID != source.SOPInstanceUID


def test_invalid_header_values_are_copied_and_not_logged(tmp_path, capfd, caplog, recwarn):
    clip = write_clip(tmp_path / "clip.dcm", PatientSex="planted", PatientName="planted" * 12, StudyDate="planted")
    recwarn.clear()
    caplog.clear()
    report = pydicom.dcmread(write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS))
    told = "".join(capfd.readouterr()) + caplog.text + "".join(str(warning.message) for warning in recwarn)
    assert "planted" not in told
    with pydicom.config.disable_value_validation():
        assert report.PatientSex == report.StudyDate == "planted" and str(report.PatientName) == "planted" * 12


def test_the_report_references_the_segmentation_of_the_clip(tmp_path, clip):
    masks = np.ones((42, 21, 13), np.uint8)
    segmentation = write_dicom_segmentation(tmp_path / "seg.dcm", clip, masks)
    path = write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS, segmentation)
    groups = highdicom.sr.srread(path).content.get_image_measurement_groups()
    sources = [item.referenced_sop_instance_uid for item in groups[0].source_images]
    assert sources == [pydicom.dcmread(file).SOPInstanceUID for file in (clip, segmentation)]
    check_dicom(path)
    other = write_clip(tmp_path / "other.dcm")
    with pytest.raises(ValueError, match="is the segmentation of another clip"):
        write_structured_report(tmp_path / "sr.dcm", other, MEASUREMENTS, segmentation)
    with pytest.raises(ValueError, match="is not a DICOM Segmentation"):
        write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS, other)
    with pytest.raises(ValueError, match="is the clip or the segmentation itself"):
        write_structured_report(segmentation, clip, MEASUREMENTS, segmentation)


def test_reports_of_real_clips_are_valid(tmp_path, real_data):
    clips = sorted((real_data / "dicom_us").glob("*.dcm"))
    if not clips:
        pytest.skip("no DICOM clips in the real data")
    for clip in clips:
        path = write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS)
        assert read_groups(path)[1]["Stroke Volume"] == (64.2, "mL")
        check_dicom(path)


def test_a_missing_highdicom_is_named(tmp_path, clip, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(ImportError, match=r"needs highdicom; install it: pip install \"gdkvm-monai\[dicom\]\""):
        write_structured_report(tmp_path / "sr.dcm", clip, MEASUREMENTS)
