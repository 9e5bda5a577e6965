"""The parts of a source clip that a DICOM result copies: patient, study, and references."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import gdkvm_monai
from gdkvm_monai.data.clip import INSTALL, ClipReadError
from gdkvm_monai.data.dicom.header import MULTI_FRAME
from gdkvm_monai.files import atomic_write

__all__ = [
    *("SEGMENTATION_STORAGE", "code_item", "copy_study", "dicom_item", "read_source", "save_dicom", "set_equipment")
]

UIDS = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
EXPECTED = (  # type 2: always present, empty if unknown
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)
OPTIONAL = (
    *("IssuerOfPatientID", "PatientAge", "StudyDescription", "LongitudinalTemporalInformationModified"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
)
IMAGE = (
    *("SOPClassUID", "Rows", "Columns", "NumberOfFrames"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
SEGMENTATION = ("ReferencedSeriesSequence", "SegmentSequence")


def read_source(path: Path) -> Any:
    """Read the header of a multi-frame ultrasound clip, without its pixels.

    A DICOM Segmentation of such a clip can stand in for it, because it holds all that results copy or reference.

    Returns:
        pydicom data set with only the attributes that a result copies or references.

    Raises:
        ClipReadError: if pydicom is missing, or the file is damaged or not a multi-frame ultrasound clip.
    """
    try:
        import pydicom
    except ImportError as error:
        raise ClipReadError(f"{path} needs pydicom to be read; install it: {INSTALL.format('dicom')}.") from error
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; choose the DICOM clip that was segmented.")
    try:
        with warnings.catch_warnings(), pydicom.config.disable_value_validation():  # it would log header values
            warnings.simplefilter("ignore")
            names = [*UIDS, *EXPECTED, *OPTIONAL, *IMAGE, *SEGMENTATION]
            header = pydicom.dcmread(path, True, specific_tags=names)
            header.walk(lambda data, element: element.value)  # convert all values now, where an error is caught
            if header.get("SOPClassUID") == SEGMENTATION_STORAGE:
                _refer_to_clip(header)
    except Exception as error:  # a damaged header can raise anything
        raise ClipReadError(f"{path} cannot be read as DICOM; choose the clip that was segmented.") from error
    if header.get("SOPClassUID") not in MULTI_FRAME:
        raise ClipReadError(f"{path} is not a multi-frame ultrasound DICOM; choose the clip that was segmented.")
    for name in UIDS:
        if not pydicom.uid.UID(str(header.get(name) or "")).is_valid:
            raise ClipReadError(f"{path} has no valid {name}, so nothing can refer to it; export it again.")
    if min(int(header.get(name) or 0) for name in ("Rows", "Columns", "NumberOfFrames")) < 1:
        raise ClipReadError(f"{path} does not state its rows, columns, and frames; export it again.")
    return header


def _refer_to_clip(header: Any) -> None:
    """Turn the header of a segmentation into that of the clip that it segments."""
    (series,) = header.ReferencedSeriesSequence
    (instance,) = series.ReferencedInstanceSequence
    header.NumberOfFrames = int(header.NumberOfFrames) // len(header.SegmentSequence)
    header.SOPClassUID, header.SOPInstanceUID = instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID
    header.SeriesInstanceUID = series.SeriesInstanceUID


def copy_study(header: Any, dataset: Any) -> None:
    """Copy patient and study verbatim, so that an archive files the result with the clip.

    Text is stored as UTF-8. Values that violate the standard are copied as they are: a corrected name or date would
    identify another patient.
    """
    from pydicom.config import IGNORE
    from pydicom.dataelem import DataElement

    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.StudyInstanceUID = header.StudyInstanceUID
    for name in EXPECTED:
        setattr(dataset, name, None)
    for name in (*EXPECTED, *OPTIONAL):
        if name in header:
            element = header[name]
            value = str(element.value) if element.VR == "PN" and element.value else element.value
            dataset[name] = DataElement(element.tag, element.VR, value, validation_mode=IGNORE)


def set_equipment(dataset: Any, description: str, series_number: int) -> None:
    """Add equipment, the current time, and new UIDs: the result is the only object of a new series."""
    from pydicom.uid import generate_uid

    now = datetime.now()
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.SeriesNumber, dataset.InstanceNumber = series_number, 1
    dataset.SeriesDescription = description
    dataset.Manufacturer, dataset.ManufacturerModelName = "GDKVM", "gdkvm_monai"
    dataset.DeviceSerialNumber = "none"  # must not be empty
    dataset.SoftwareVersions = gdkvm_monai.__version__
    dataset.InstanceCreationDate = dataset.ContentDate = dataset.SeriesDate = now.strftime("%Y%m%d")
    dataset.InstanceCreationTime = dataset.ContentTime = dataset.SeriesTime = now.strftime("%H%M%S")


def save_dicom(dataset: Any, path: Path) -> None:
    """Write a data set atomically."""
    from pydicom.config import disable_value_validation

    with atomic_write(path) as partial, warnings.catch_warnings(), disable_value_validation():
        warnings.simplefilter("ignore")  # as in read_source
        dataset.save_as(partial, enforce_file_format=True)


def dicom_item(**attributes: Any) -> Any:
    """Create a pydicom data set with the given attributes, such as an item of a sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    return item


def code_item(code: tuple[str, str, str]) -> Any:
    """Create an item of a code sequence from value, scheme, and meaning."""
    return dicom_item(**dict(zip(("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), code)))
