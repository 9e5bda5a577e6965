"""Write a phantom clip as multi-frame ultrasound DICOM."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from gdkvm_monai.data.dicom.source import dicom_item

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from gdkvm_monai.data.phantom.clip import PhantomClip

__all__ = ["write_dicom"]

PHOTOMETRIC = ("MONOCHROME2", "RGB")
DATE, TIME = "20000101", "120000"  # not of a real examination; constant, so that files are reproducible


def write_dicom(
    path: Path,
    clip: PhantomClip,
    photometric: str = "MONOCHROME2",
    patient_name: str | None = None,
    patient_id: str | None = None,
) -> None:
    """Write an Ultrasound Multi-frame Image, 8 bits, explicit little endian: rows are depth, columns lateral.

    One 2-D tissue region covers the image and holds its spacing in cm per pixel. UIDs are derived from the pixels and
    the header, so that equal clips are equal files. ``QualityControlSubject`` marks the phantom.

    Args:
        path: file to write.
        clip: clip to write.
        photometric: "MONOCHROME2", or "RGB" with three equal channels.
        patient_name: name in the header; by default ``PHANTOM^`` and the last integer of the seed.
        patient_id: identifier in the header; by default ``PHANTOM-`` and the integers of the seed.

    Raises:
        ValueError: if ``photometric`` is unknown.

    References:
        DICOM PS3.3, A.7 (Ultrasound Multi-frame Image IOD) and C.8.5.5 (US Region Calibration).
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

    if photometric not in PHOTOMETRIC:
        raise ValueError(f"photometric = {photometric!r} is unknown; choose one of {', '.join(PHOTOMETRIC)}.")
    seed = [int(value) for value in np.atleast_1d(clip.phantom.seed)]
    name = f"PHANTOM^{seed[-1]:04d}" if patient_name is None else patient_name
    identifier = "-".join(["PHANTOM", *map(str, seed)]) if patient_id is None else patient_id
    patient = f"{seed} {name} {identifier}"
    pixels = _pixels(clip, photometric)
    data = dicom_item(
        SpecificCharacterSet="ISO_IR 192",
        SOPClassUID=UltrasoundMultiFrameImageStorage,
        SOPInstanceUID=_uid(f"{patient} {_uid_text(clip)}".encode() + pixels),
        StudyInstanceUID=_uid(f"study {patient}".encode()),
        SeriesInstanceUID=_uid(f"series {patient} {clip.view}".encode()),
        PatientName=name,
        PatientID=identifier,
        SequenceOfUltrasoundRegions=[_region(clip)],
        PixelData=pixels + bytes(len(pixels) % 2),
    )
    for part in (_examination(clip), _cine(clip), _picture(clip, photometric)):
        data.update(part)
    data["PixelData"].VR = "OB"
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)


def _examination(clip: PhantomClip) -> Dataset:
    """Patient, study, series, and equipment, except what the seed determines; unknown values are empty."""
    empty = ("PatientBirthDate", "ReferringPhysicianName", "AccessionNumber", "PatientOrientation")
    return dicom_item(
        **dict.fromkeys(empty, ""),
        PatientSex="O",
        QualityControlSubject="YES",
        StudyDate=DATE,
        StudyTime=TIME,
        ContentDate=DATE,
        ContentTime=TIME,
        StudyID="1",
        StudyDescription="Synthetic echocardiogram",
        Modality="US",
        BodyPartExamined="HEART",
        SeriesNumber=1,
        SeriesDescription=f"Apical {clip.view} phantom, {clip.phantom.quality} quality",
        InstanceNumber=1,
        Manufacturer="GDKVM phantom",
        ImageType=["ORIGINAL", "PRIMARY"],
        BurnedInAnnotation="NO",
        LossyImageCompression="00",
    )


def _cine(clip: PhantomClip) -> Dataset:
    from pydicom.tag import Tag
    from pydicom.valuerep import format_number_as_ds

    return dicom_item(
        NumberOfFrames=clip.image.shape[-1],
        FrameIncrementPointer=Tag("FrameTime"),
        FrameTime=format_number_as_ds(1000 / clip.frame_rate_hz),
        RecommendedDisplayFrameRate=max(1, round(clip.frame_rate_hz)),
        HeartRate=round(clip.phantom.heart_rate_bpm),
    )


def _picture(clip: PhantomClip, photometric: str) -> Dataset:
    color = {"SamplesPerPixel": 3, "PlanarConfiguration": 0} if photometric == "RGB" else {"SamplesPerPixel": 1}
    return dicom_item(
        **color,
        PhotometricInterpretation=photometric,
        Rows=clip.image.shape[1],
        Columns=clip.image.shape[0],
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        UltrasoundColorDataPresent=0,
    )


def _region(clip: PhantomClip) -> Dataset:
    width, height = clip.image.shape[:2]
    lateral_cm, depth_cm = (float(step) / 10 for step in clip.spacing_mm)
    return dicom_item(
        RegionSpatialFormat=1,  # 2-D
        RegionDataType=1,  # tissue
        RegionFlags=0,  # opaque
        RegionLocationMinX0=0,
        RegionLocationMinY0=0,
        RegionLocationMaxX1=width - 1,
        RegionLocationMaxY1=height - 1,
        PhysicalUnitsXDirection=3,  # cm
        PhysicalUnitsYDirection=3,
        PhysicalDeltaX=lateral_cm,
        PhysicalDeltaY=depth_cm,
    )


def _pixels(clip: PhantomClip, photometric: str) -> bytes:
    frames = clip.image.transpose(2, 1, 0)  # (T, rows, columns)
    return (np.repeat(frames[..., None], 3, axis=-1) if photometric == "RGB" else frames).tobytes()


def _uid_text(clip: PhantomClip) -> str:
    return f"{clip.view} {clip.phantom.quality} {clip.frame_rate_hz} {clip.image.shape} {clip.spacing_mm}"


def _uid(content: bytes) -> str:
    """A UID derived from the content, by DICOM's rule for UUIDs (PS3.5, B.2)."""
    return f"2.25.{uuid5(NAMESPACE_URL, sha256(content).hexdigest()).int}"
