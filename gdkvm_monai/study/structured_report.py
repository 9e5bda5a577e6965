"""The measurements of one clip as a DICOM structured report, TID 1500."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gdkvm_monai
from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.data.dicom.source import copy_study, dicom_item, read_source, save_dicom, set_equipment
from gdkvm_monai.labels import CONCEPT_CODES, METHOD_CODES, NOTICE, QUANTITY_CODES, STRUCTURE_CODES, VIEW_CODES

__all__ = ["write_structured_report"]

SERIES_NUMBER = 7002
PER_BEAT = ("ef_percent", "edv_ml", "esv_ml", "sv_ml")


def write_structured_report(
    path: str | Path, source: str | Path, measurements: Mapping[str, Any], segmentation: str | Path | None = None
) -> Path:
    """Write the ejection fraction, volumes and heart rate of a clip as an unverified, preliminary DICOM report.

    The first group holds the mean over the beats, and each beat follows with the frames that it was measured in.
    Numbers that are None are left out. The file names the patient and the study as ``source`` does. The clinical
    meaning of the codes has not been checked by a clinician.

    Args:
        path: file to write; it appears when it is complete.
        source: multi-frame ultrasound DICOM that was measured; only its header is read.
        measurements: one clip's, with ``clip``, ``method``, ``phases``, ``beats``, ``mean``, ``ef_withheld``,
            ``quality`` and ``notice``; volumes in mL, ejection fractions in percent, the heart rate per minute.
        segmentation: DICOM Segmentation of the same clip, to which the report then refers.

    Returns:
        ``path``.

    Raises:
        ImportError: when highdicom is absent.
        ClipReadError: when ``source`` is no multi-frame ultrasound DICOM.
        ValueError: when nothing was measured, a number is not finite, or the segmentation is of another clip.

    Source: DICOM PS3.16, TID 1500.
    """
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        raise ImportError(f"a structured report needs highdicom; install it: {INSTALL.format('dicom')}.") from error
    path, source = Path(path), Path(source)
    if path.exists() and any(path.samefile(file) for file in (source, segmentation) if file is not None):
        raise ValueError(f"{path} is the clip or the segmentation itself; give another file to write.")
    _check_numbers(measurements)
    header = read_source(source)
    images = [header] if segmentation is None else [header, _read_segmentation(Path(segmentation), header)]
    report = _document(images, _content(images, measurements), complete=not measurements["clip"]["partial"])
    copy_study(header, report)
    set_equipment(report, "GDKVM measurements, research use only", SERIES_NUMBER)
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    save_dicom(report, path)
    return path


def _check_numbers(measurements: Mapping[str, Any]) -> None:
    groups = [measurements["mean"], *measurements["beats"]]
    numbers = [group.get(name) for group in groups for name in PER_BEAT]
    numbers = [number for number in (*numbers, measurements["phases"]["heart_rate_bpm"]) if number is not None]
    if not numbers:
        reason = measurements["ef_withheld"] or measurements["phases"]["reason"] or "no number is given"
        raise ValueError(f"nothing was measured in this clip, so there is nothing to report: {reason}")
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("a measurement is not finite; give None for a number that is not known.")


def _read_segmentation(path: Path, header: Any) -> Any:
    """Header of a segmentation of the clip."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "ReferencedSeriesSequence")
    try:
        segmentation = dcmread(path, stop_before_pixels=True, specific_tags=list(names))
        references = [item for series in segmentation.ReferencedSeriesSequence for item in series[0x0008114A].value]
    except (AttributeError, KeyError, InvalidDicomError) as error:
        raise ValueError(f"{path} is no DICOM Segmentation; give what write_dicom_segmentation wrote.") from error
    if header.SOPInstanceUID not in [item.ReferencedSOPInstanceUID for item in references]:
        raise ValueError(f"{path} is the segmentation of another clip; give the one made of the clip that is reported.")
    return segmentation


def _document(images: Sequence[Any], content: Any, complete: bool) -> Any:
    """The report, still without patient and equipment: highdicom would quote a name that it finds odd in a log."""
    from highdicom.sr import ComprehensiveSR
    from pydicom.uid import generate_uid

    unknown = dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"))
    unknown |= dict.fromkeys(("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"))
    names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    return ComprehensiveSR(
        evidence=[dicom_item(**unknown, **{name: image[name].value for name in names}) for image in images],
        content=content,
        series_instance_uid=generate_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        is_complete=complete,
        is_final=False,
        is_verified=False,
    )


def _content(images: Sequence[Any], measurements: Mapping[str, Any]) -> Any:
    from highdicom import sr
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    identity = generate_uid(entropy_srcs=["GDKVM", gdkvm_monai.__version__])  # the same for every report of a version
    device = sr.DeviceObserverIdentifyingAttributes(
        identity, name="GDKVM", manufacturer_name="GDKVM", model_name=f"gdkvm_monai {gdkvm_monai.__version__}"
    )
    context = sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DCM.Device, device))
    mean = _group(images, measurements, "mean over beats", measurements["mean"])
    beats = [
        _group(images, measurements, f"beat {number}", beat)
        for number, beat in enumerate(measurements["beats"], 1)
        if any(beat.get(key) is not None for key in PER_BEAT)
    ]
    mean[0].ContentSequence.extend(_comments(measurements))
    return sr.MeasurementReport(
        observation_context=context,
        procedure_reported=_code(CONCEPT_CODES["echocardiography"]),
        imaging_measurements=[mean, *beats],
    )


def _group(images: Sequence[Any], measurements: Mapping[str, Any], name: str, values: Mapping[str, Any]) -> Any:
    """TID 1501 of the mean, which has a heart rate, or of one beat, which has frames."""
    from highdicom import sr

    method = next((code for key, code in METHOD_CODES.items() if measurements["method"]["id"].startswith(key)), None)
    shared = {"method": method and _code(method), "finding_sites": [sr.FindingSite(_code(STRUCTURE_CODES["LV"]))]}
    if "ed_frame" not in values:
        shared["derivation"] = _code(CONCEPT_CODES["mean"])
    items = []
    for key in PER_BEAT:
        if values.get(key) is not None:
            code, unit = QUANTITY_CODES[key]
            frames = _frames(images, key, values)
            items.append(
                sr.Measurement(_code(code), float(values[key]), _code(unit), referenced_images=frames, **shared)
            )
    heart_rate, view = measurements["phases"]["heart_rate_bpm"], VIEW_CODES.get(measurements["clip"]["view"])
    if "ed_frame" not in values and heart_rate is not None:
        code, unit = QUANTITY_CODES["heart_rate_bpm"]
        items.append(sr.Measurement(_code(code), float(heart_rate), _code(unit)))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(identifier=name),
        algorithm_id=sr.AlgorithmIdentification(name="GDKVM", version=gdkvm_monai.__version__),
        measurements=items,
        qualitative_evaluations=(
            [sr.QualitativeEvaluation(_code(CONCEPT_CODES["image_view"]), _code(view))] if view else None
        ),
        source_images=[sr.SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID) for image in images],
    )


def _frames(images: Sequence[Any], key: str, values: Mapping[str, Any]) -> list | None:
    """The frames of the clip, counted from 1, that a number of a beat was measured in."""
    from highdicom import sr

    if "ed_frame" not in values:
        return None
    phases = {"edv_ml": ("ed_frame",), "esv_ml": ("es_frame",)}.get(key, ("ed_frame", "es_frame"))
    frames = [values[phase] + 1 for phase in phases]
    return [sr.SourceImageForMeasurement(images[0].SOPClassUID, images[0].SOPInstanceUID, frames)]


def _comments(measurements: Mapping[str, Any]) -> list:
    from highdicom import sr

    quality = measurements["quality"]
    reasons = " ".join(reason["message"] for reason in quality["reasons"])
    texts = [
        (CONCEPT_CODES["comment"], measurements.get("notice") or NOTICE),
        (CONCEPT_CODES["comment"], measurements["method"]["description"]),
        (CONCEPT_CODES["comment"], measurements["ef_withheld"]),
        (CONCEPT_CODES["quality"], f"{quality['verdict']}: {reasons}" if reasons else quality["verdict"]),
    ]
    return [sr.TextContentItem(_code(name), text, sr.RelationshipTypeValues.CONTAINS) for name, text in texts if text]


def _code(code: tuple[str, str, str]) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(*code)
