"""Only sex, height, weight, and heart rate are read, and only if they are plausible."""

from __future__ import annotations

import warnings
from dataclasses import fields

import pytest

from gdkvm_monai.data.dicom.patient import PatientHeader, read_patient

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")

STATED = {"PatientSex": "F", "PatientSize": "1.68", "PatientWeight": "61.5", "HeartRate": "72"}


def test_the_header_gives_sex_height_weight_and_heart_rate_and_nothing_else(frames, write_dicom):
    found = read_patient(write_dicom(frames, **STATED))
    assert found == PatientHeader(sex="F", height_m=1.68, weight_kg=61.5, heart_rate_bpm=72)
    assert {field.name for field in fields(found)} == {"sex", "height_m", "weight_kg", "heart_rate_bpm"}


def test_a_header_that_does_not_state_them_gives_nothing(frames, write_dicom):
    assert read_patient(write_dicom(frames)) == PatientHeader()


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("PatientSex", "O"), ("PatientSex", ""), ("PatientSize", "168"), ("PatientSize", "0"), ("PatientWeight", "9999")]
    + [("HeartRate", "0"), ("HeartRate", "")],
)
def test_an_implausible_value_counts_as_unknown(frames, write_dicom, attribute, value):
    known = read_patient(write_dicom(frames, **STATED))
    found = read_patient(write_dicom(frames, **{**STATED, attribute: value}))
    changed = [field.name for field in fields(found) if getattr(found, field.name) != getattr(known, field.name)]
    assert len(changed) == 1 and getattr(found, changed[0]) is None


def test_a_value_that_is_no_number_is_unknown_and_never_quoted(frames, write_dicom):
    path = write_dicom(frames, **STATED)
    content = path.read_bytes()
    assert content.count(b"61.5") == 1
    path.write_bytes(content.replace(b"61.5", b"D^oe"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read_patient(path)
    assert found.weight_kg is None and found.height_m == 1.68 and not caught
