"""What is known about the patient of a clip, from the options and the DICOM header."""

from __future__ import annotations

from pathlib import Path

from gdkvm_monai.data.dicom.header import is_dicom
from gdkvm_monai.data.dicom.patient import PatientHeader, read_patient
from gdkvm_monai.metrics.hemodynamics import body_surface_area_m2
from gdkvm_monai.study.clip_source import ClipSource
from gdkvm_monai.study.dimensions import Patient
from gdkvm_monai.study.options import SegmentOptions

__all__ = ["describe_patient", "patient_header"]


def patient_header(source: ClipSource) -> PatientHeader:
    """Return what the header of a DICOM clip states; nothing for other clips and for two stills."""
    path = source.path
    return read_patient(path) if isinstance(path, Path) and path.is_file() and is_dicom(path) else PatientHeader()


def describe_patient(options: SegmentOptions, header: PatientHeader) -> Patient:
    """Return sex and body surface area: as stated in the options, otherwise from the header."""
    area_m2 = options.body_surface_area_m2
    if area_m2 is None and header.height_m is not None and header.weight_kg is not None:
        area_m2 = round(body_surface_area_m2(header.height_m, header.weight_kg), 2)
    return Patient(options.sex or header.sex, area_m2)
