"""Export of the masks of an ultrasound clip as a DICOM Segmentation that references the clip's frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image, ImageCms

import gdkvm_monai
from gdkvm_monai.data.dicom.source import (
    SEGMENTATION_STORAGE,
    code_item,
    copy_study,
    dicom_item,
    read_source,
    save_dicom,
    set_equipment,
)
from gdkvm_monai.labels import COLORS, CONCEPT_CODES, NOTICE, STRUCTURE_CODES, STRUCTURES
from gdkvm_monai.study.segment_planes import pack_planes, store_planes

__all__ = ["write_dicom_segmentation"]

SERIES_NUMBER = 7001
LOSSY = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


def write_dicom_segmentation(
    path: str | Path,
    source: str | Path,
    masks: Iterable[np.ndarray],
    structures: Sequence[str] = tuple(STRUCTURES),
    allow_partial: bool = False,
    edited: bool = False,
) -> Path:
    """Write masks as a binary DICOM Segmentation with one frame per structure and frame of the clip.

    The masks are read one at a time and stored as bits in a temporary folder next to ``path``. The file contains the
    patient and study data of ``source``. The codes have not been reviewed by a clinician.

    Args:
        path: file to write; the write is atomic.
        source: uncropped multi-frame ultrasound DICOM that was segmented, or an earlier segmentation of it; only the
            header is read.
        masks: integer class indices ``(H, W)``, lateral and depth, in the order of the clip's frames.
        structures: names in :data:`~gdkvm_monai.labels.STRUCTURES`, which become segments 1, 2, and so on.
        allow_partial: accept fewer masks than the clip has frames; the last frames then have none.
        edited: whether the masks were edited by hand.

    Returns:
        ``path``.

    Raises:
        ClipReadError: if ``source`` is not a multi-frame ultrasound DICOM, or pydicom is not installed.
        ValueError: if the number, shape, or values of the masks do not match ``source`` and ``structures``.

    Source: DICOM PS3.3 A.51 and C.8.20.
    """
    path, source = Path(path), Path(source)
    if not structures or len(set(structures)) < len(structures) or not set(structures) <= set(STRUCTURES):
        raise ValueError(f"structures are {tuple(structures)}, expected some of {tuple(STRUCTURES)}, each once.")
    header = read_source(source)
    if path.exists() and path.samefile(source):
        raise ValueError(f"{path} is the clip itself; choose another output file.")
    with TemporaryDirectory(prefix=".segmentation", dir=path.parent) as folder:
        with (Path(folder) / "planes").open("w+b") as planes, (Path(folder) / "pixels").open("w+b") as pixels:
            count = store_planes(planes, masks, header, structures, allow_partial)
            pack_planes(planes, pixels, len(structures), count, header.Rows * header.Columns)
            dataset = _describe(header, structures, edited)
            dataset.NumberOfFrames = len(structures) * count
            _add_frame_items(dataset, header, len(structures), count)
            dataset.add_new(0x7FE00010, "OB", pixels)
            save_dicom(dataset, path)
    return path


def _describe(header: Any, structures: Sequence[str], edited: bool) -> Any:
    """Create the dataset without its frames."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    dataset = dicom_item(SOPClassUID=SEGMENTATION_STORAGE, Modality="SEG", ImageType=["DERIVED", "PRIMARY"])
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    copy_study(header, dataset)
    by_hand = ", edited by hand" if edited else ""
    set_equipment(dataset, f"GDKVM segmentation{by_hand}, research use only", SERIES_NUMBER)
    dataset.ContentLabel, dataset.ContentDescription = "SEGMENTATION", NOTICE
    dataset.ContentCreatorName = dataset.PatientOrientation = None  # an ultrasound image has none
    dataset.Rows, dataset.Columns = header.Rows, header.Columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    dataset.LossyImageCompression = "00"
    for name in LOSSY:
        if header.get(name):
            dataset[name] = header[name]
    dataset.SegmentationType, dataset.SegmentsOverlap = "BINARY", "NO"
    dataset.SegmentSequence = [_segment(number, name, edited) for number, name in enumerate(structures, 1)]
    organization = generate_uid()
    dataset.DimensionOrganizationSequence = [dicom_item(DimensionOrganizationUID=organization)]
    pointers = ((0x0062000B, 0x0062000A), (0x00209128, 0x00209111))  # segment number, temporal position; their groups
    dataset.DimensionIndexSequence = [
        dicom_item(DimensionOrganizationUID=organization, DimensionIndexPointer=index, FunctionalGroupPointer=group)
        for index, group in pointers
    ]
    dataset.SharedFunctionalGroupsSequence = [dicom_item()]
    instance = dicom_item(ReferencedSOPClassUID=header.SOPClassUID, ReferencedSOPInstanceUID=header.SOPInstanceUID)
    series = dicom_item(SeriesInstanceUID=header.SeriesInstanceUID, ReferencedInstanceSequence=[instance])
    dataset.ReferencedSeriesSequence = [series]
    return dataset


def _segment(number: int, structure: str, edited: bool) -> Any:
    algorithm = dicom_item(AlgorithmName="GDKVM", AlgorithmVersion=gdkvm_monai.__version__)
    algorithm.AlgorithmFamilyCodeSequence = [code_item(CONCEPT_CODES["artificial_intelligence"])]
    return dicom_item(
        SegmentNumber=number,
        SegmentLabel=STRUCTURE_CODES[structure].meaning,
        SegmentAlgorithmType="SEMIAUTOMATIC" if edited else "AUTOMATIC",
        SegmentAlgorithmName=f"GDKVM {gdkvm_monai.__version__}",
        SegmentationAlgorithmIdentificationSequence=[algorithm],
        SegmentedPropertyCategoryCodeSequence=[code_item(CONCEPT_CODES["anatomical_structure"])],
        SegmentedPropertyTypeCodeSequence=[code_item(STRUCTURE_CODES[structure])],
        RecommendedDisplayCIELabValue=_cielab(structure),
    )


def _cielab(structure: str) -> list[int]:
    """Return the overlay color of a structure as 16-bit CIELab values for D50 (PS3.3, C.10.7.1.1)."""
    color = Image.new("RGB", (1, 1), COLORS[STRUCTURES[structure][0]])
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return [257 * value for value in ImageCms.profileToProfile(color, srgb, lab, outputMode="LAB").getpixel((0, 0))]


def _add_frame_items(dataset: Any, header: Any, segments: int, count: int) -> None:
    """Add PerFrameFunctionalGroupsSequence, encoded item by item: objects would take more memory than the masks."""
    from pydicom.charset import convert_encodings
    from pydicom.dataelem import RawDataElement
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_sequence_item
    from pydicom.tag import Tag

    content, identification = dicom_item(), dicom_item()
    image = dicom_item(ReferencedSOPClassUID=header.SOPClassUID, ReferencedSOPInstanceUID=header.SOPInstanceUID)
    image.PurposeOfReferenceCodeSequence, image.SpatialLocationsPreserved = [
        code_item(CONCEPT_CODES["source_image"])
    ], "YES"
    derivation = dicom_item(
        DerivationCodeSequence=[code_item(CONCEPT_CODES["segmentation"])], SourceImageSequence=[image]
    )
    item = dicom_item(FrameContentSequence=[content], SegmentIdentificationSequence=[identification])
    item.DerivationImageSequence = [derivation]
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    for segment in range(1, segments + 1):
        identification.ReferencedSegmentNumber = segment
        for frame in range(1, count + 1):
            content.DimensionIndexValues = [segment, frame]
            content.TemporalPositionIndex = image.ReferencedFrameNumber = frame
            write_sequence_item(buffer, item, ["utf-8"])
    encoded = buffer.getvalue()
    dataset[0x52009230] = RawDataElement(Tag(0x52009230), "SQ", len(encoded), encoded, 0, False, True)
    # without this call, pydicom decodes the items before it writes them
    dataset.set_original_encoding(False, True, convert_encodings(dataset.SpecificCharacterSet))
