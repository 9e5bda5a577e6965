"""The measurements of one clip as a DICOM structured report, TID 1500."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.data.dicom.header import MULTI_FRAME
from gdkvm_monai.data.dicom.source import copy_study, dicom_item, read_source, save_dicom, set_equipment
from gdkvm_monai.study.measurements import Measurements
from gdkvm_monai.study.report_content import has_numbers, report_content

__all__ = ["write_structured_report"]

SERIES_NUMBER = 7002


def write_structured_report(
    path: str | Path, source: str | Path, measurements: Measurements, segmentation: str | Path | None = None
) -> Path:
    """Write the ejection fraction, volumes, and heart rate of a clip as an unverified, preliminary DICOM report.

    The first group holds the mean over the beats; each beat follows with the frames in which it was measured. Values
    that are ``None`` are omitted. The file contains the patient and study data of ``source``. The codes have not been
    reviewed by a clinician.

    Args:
        path: file to write; the write is atomic.
        source: multi-frame ultrasound DICOM that was measured; only its header is read.
        measurements: measurements of the clip.
        segmentation: DICOM Segmentation of the same clip for the report to reference.

    Returns:
        ``path``.

    Raises:
        ImportError: if highdicom is not installed.
        ClipReadError: if ``source`` is not a multi-frame ultrasound DICOM.
        ValueError: if nothing was measured, or the segmentation belongs to another clip.

    Source: DICOM PS3.16, TID 1500.
    """
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        raise ImportError(f"a structured report needs highdicom; install it: {INSTALL.format('dicom')}.") from error
    path, source = Path(path), Path(source)
    if path.exists() and any(path.samefile(file) for file in (source, segmentation) if file is not None):
        raise ValueError(f"{path} is the clip or the segmentation itself; choose another output file.")
    if not has_numbers(measurements):
        reason = measurements.ef_withheld or measurements.phases.reason or "no number is given"
        raise ValueError(f"nothing was measured in this clip, so there is nothing to report: {reason}")
    header = read_source(source)
    images = [header] if segmentation is None else [header, _read_segmentation(Path(segmentation), header)]
    report = _document(images, report_content(images, measurements), complete=not measurements.clip.partial)
    copy_study(header, report)
    set_equipment(report, "GDKVM measurements, research use only", SERIES_NUMBER)
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    save_dicom(report, path)
    return path


def _read_segmentation(path: Path, header: Any) -> Any:
    """Read the header of a segmentation and check that it belongs to the clip."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "ReferencedSeriesSequence")
    try:
        segmentation = dcmread(path, stop_before_pixels=True, specific_tags=list(names))
        references = [item for series in segmentation.ReferencedSeriesSequence for item in series[0x0008114A].value]
    except (AttributeError, KeyError, InvalidDicomError) as error:
        raise ValueError(
            f"{path} is not a DICOM Segmentation; use a file that write_dicom_segmentation wrote."
        ) from error
    if header.SOPInstanceUID not in [item.ReferencedSOPInstanceUID for item in references]:
        raise ValueError(f"{path} is the segmentation of another clip; use that of the clip being reported.")
    return segmentation


def _document(images: Sequence[Any], content: Any, complete: bool) -> Any:
    """Create the report without patient and equipment: highdicom would log a name that it considers unusual."""
    from highdicom.sr import ComprehensiveSR
    from pydicom.uid import generate_uid

    unknown = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"))
    unknown |= dict.fromkeys(("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"))
    names = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    evidence = [
        dicom_item(SOPClassUID=_class_in_use(image), **unknown, **{name: image[name].value for name in names})
        for image in images
    ]
    report = ComprehensiveSR(
        evidence=evidence,
        content=content,
        series_instance_uid=generate_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        is_complete=complete,
        is_final=False,
        is_verified=False,
    )
    _restore_classes(report, images)
    return report


def _class_in_use(image: Any) -> str:
    """Return the class of an image; highdicom does not know the retired class of multi-frame ultrasound."""
    return MULTI_FRAME[0] if image.SOPClassUID in MULTI_FRAME else image.SOPClassUID


def _restore_classes(report: Any, images: Sequence[Any]) -> None:
    """Refer to every image by its own class."""
    classes = {image.SOPInstanceUID: image.SOPClassUID for image in images}
    for study in report.CurrentRequestedProcedureEvidenceSequence:
        for series in study.ReferencedSeriesSequence:
            for item in series.ReferencedSOPSequence:
                item.ReferencedSOPClassUID = classes[item.ReferencedSOPInstanceUID]
