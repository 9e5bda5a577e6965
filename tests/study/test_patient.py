"""Sex and body surface area come from the options or the header, and are in no other file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gdkvm_monai.data.dicom.patient import PatientHeader
from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.dimensions import Patient
from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.patient import describe_patient, patient_header
from gdkvm_monai.study.segmentation import segment
from tests.study.tiny_command import write_tiny_weights

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")

HEADER = PatientHeader(sex="F", height_m=1.6, weight_kg=50, heart_rate_bpm=70)


def test_the_body_surface_area_is_computed_from_the_header_and_rounded():
    assert describe_patient(SegmentOptions(), HEADER) == Patient("F", 1.5)
    assert describe_patient(SegmentOptions(), PatientHeader(sex="M", height_m=1.6)) == Patient("M", None)


def test_the_options_win_over_the_header():
    options = SegmentOptions(sex="M", body_surface_area_m2=2.05)
    assert describe_patient(options, HEADER) == Patient("M", 2.05) == describe_patient(options, PatientHeader())


def test_an_array_has_no_header():
    assert patient_header(ClipSource(np.zeros((8, 8, 3), np.uint8), SegmentOptions())) == PatientHeader()


def test_sex_and_body_surface_area_are_in_the_measurements_and_the_report_only(tmp_path):
    clip = render_phantom_clip(EchoPhantom(3), beats=1.2, frame_rate_hz=25, size=(48, 48))
    write_clip(tmp_path / "clip.dcm", clip, "dicom")
    header = pydicom.dcmread(tmp_path / "clip.dcm")
    header.PatientSize, header.PatientWeight, header.HeartRate = "1.6", "50", "77"
    header.save_as(tmp_path / "clip.dcm")
    weights = write_tiny_weights(tmp_path)
    result = segment(tmp_path / "clip.dcm", weights, tmp_path / "out", fast=True, overlay="none", sex="F")
    dimensions = result.measurements.dimensions
    assert dimensions.patient == Patient("F", 1.5) and dimensions.header_heart_rate_bpm == 77
    run = json.loads((result.folder / "run.json").read_text())
    assert not {"sex", "body_surface_area_m2"} & set(run["options"])
    again = segment(tmp_path / "clip.dcm", weights, tmp_path / "out", fast=True, overlay="none", sex="F")
    assert again.measurements == result.measurements
    with pytest.raises(FileExistsError, match="other weights or options"):
        segment(tmp_path / "clip.dcm", weights, tmp_path / "out", fast=True, overlay="none", sex="M")
