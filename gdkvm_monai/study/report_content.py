"""Content tree of a DICOM structured report (TID 1500), with one group (TID 1501) for the mean and for each beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gdkvm_monai
from gdkvm_monai.labels import CONCEPT_CODES, METHOD_CODES, QUANTITY_CODES, STRUCTURE_CODES, VIEW_CODES, Code
from gdkvm_monai.study.measurements import Beat, BeatMean, Measurements

__all__ = ["has_numbers", "report_content"]

PER_BEAT = {"ef_percent": ("ed_frame", "es_frame"), "edv_ml": ("ed_frame",), "esv_ml": ("es_frame",)}
PER_BEAT |= {"sv_ml": ("ed_frame", "es_frame")}
"""Quantities of a beat, and the frames in which each is measured."""

WITHOUT_DISKS = ("ed_length_mm", "es_length_mm", "fractional_area_change_percent")
"""Quantities that are not measured by the method of disks."""


def has_numbers(measurements: Measurements) -> bool:
    """Return whether there is anything to report."""
    groups = (measurements.mean, *measurements.beats)
    return any(map(_is_measured, groups)) or measurements.phases.heart_rate_bpm is not None


def report_content(images: Sequence[Any], measurements: Measurements) -> Any:
    """Compose the content of the report.

    Args:
        images: header of the clip and, if there is one, of its segmentation.
        measurements: measurements of the clip.

    Returns:
        A ``highdicom.sr.MeasurementReport``: the mean over the beats with the heart rate and the sizes, then each beat
        with the frames in which it was measured. Values that are ``None`` are omitted.
    """
    from highdicom import sr
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    identity = generate_uid(entropy_srcs=["GDKVM", gdkvm_monai.__version__])  # same for all reports of a version
    device = sr.DeviceObserverIdentifyingAttributes(
        identity, name="GDKVM", manufacturer_name="GDKVM", model_name=f"gdkvm_monai {gdkvm_monai.__version__}"
    )
    context = sr.ObservationContext(observer_device_context=sr.ObserverContext(codes.DCM.Device, device))
    mean = _group(images, measurements, "mean over beats", _mean_numbers(measurements))
    beats = [
        _group(images, measurements, f"beat {number}", _beat_numbers(images[0], measurements, beat))
        for number, beat in enumerate(measurements.beats, 1)
        if _is_measured(beat)
    ]
    mean[0].ContentSequence.extend(_comments(measurements))
    return sr.MeasurementReport(
        observation_context=context,
        procedure_reported=_concept(CONCEPT_CODES["echocardiography"]),
        imaging_measurements=[mean, *beats],
    )


def _is_measured(values: Beat | BeatMean) -> bool:
    return any(getattr(values, quantity) is not None for quantity in PER_BEAT)


def _mean_numbers(measurements: Measurements) -> list:
    items = [
        _number(measurements, quantity, getattr(measurements.mean, quantity), derivation=CONCEPT_CODES["mean"])
        for quantity in PER_BEAT
        if getattr(measurements.mean, quantity) is not None
    ]
    if measurements.phases.heart_rate_bpm is not None:
        from highdicom import sr

        code, unit = QUANTITY_CODES["heart_rate_bpm"]
        items.append(sr.Measurement(_concept(code), float(measurements.phases.heart_rate_bpm), _concept(unit)))
    return [*items, *_dimension_numbers(measurements)]


def _dimension_numbers(measurements: Measurements) -> list:
    """Create the measurements that have a code in DICOM: lengths, area change, cardiac output, and atrial volume."""
    dimensions, view = measurements.dimensions, measurements.clip.view
    if dimensions is None or measurements.mean.ef_percent is None:
        return []
    mean = dimensions.mean
    values = {
        "ed_length_mm": mean.ed.length_mm,
        "es_length_mm": mean.es.length_mm,
        "fractional_area_change_percent": mean.fractional_area_change_percent,
        "cardiac_output_l_min": dimensions.cardiac_output_l_min,
        f"la_volume_{view}_ml": mean.es_atrium.disks_ml if view else None,
    }
    return [
        _number(
            measurements, quantity, value, derivation=CONCEPT_CODES["mean"], site="LA" if "la_" in quantity else "LV"
        )
        for quantity, value in values.items()
        if value is not None
    ]


def _beat_numbers(image: Any, measurements: Measurements, beat: Beat) -> list:
    from highdicom import sr

    items = []
    for quantity, phases in PER_BEAT.items():
        if getattr(beat, quantity) is not None:
            frames = [getattr(beat, phase) + 1 for phase in phases]  # DICOM counts from 1
            source = sr.SourceImageForMeasurement(image.SOPClassUID, image.SOPInstanceUID, frames)
            items.append(_number(measurements, quantity, getattr(beat, quantity), source=source))
    return items


def _number(
    measurements: Measurements,
    quantity: str,
    value: float,
    derivation: Code | None = None,
    source: Any = None,
    site: str = "LV",
) -> Any:
    """Create one measurement of a chamber, with the code of its method if it is or needs a volume."""
    from highdicom import sr

    code, unit = QUANTITY_CODES[quantity]
    method = next((code for key, code in METHOD_CODES.items() if measurements.method.id.startswith(key)), None)
    return sr.Measurement(
        _concept(code),
        float(value),
        _concept(unit),
        method=_concept(method) if method and quantity not in WITHOUT_DISKS else None,
        derivation=derivation and _concept(derivation),
        finding_sites=[sr.FindingSite(_concept(STRUCTURE_CODES[site]))],
        referenced_images=source and [source],
    )


def _group(images: Sequence[Any], measurements: Measurements, name: str, items: Sequence[Any]) -> Any:
    """Create one group of measurements, TID 1501."""
    from highdicom import sr

    view = VIEW_CODES.get(measurements.clip.view)
    evaluation = view and sr.QualitativeEvaluation(_concept(CONCEPT_CODES["image_view"]), _concept(view))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(identifier=name),
        algorithm_id=sr.AlgorithmIdentification(name="GDKVM", version=gdkvm_monai.__version__),
        measurements=items,
        qualitative_evaluations=evaluation and [evaluation],
        source_images=[sr.SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID) for image in images],
    )


def _comments(measurements: Measurements) -> list:
    from highdicom import sr

    quality = measurements.quality
    reasons = " ".join(reason.message for reason in quality.reasons)
    texts = [
        (CONCEPT_CODES["comment"], measurements.notice),
        (CONCEPT_CODES["comment"], measurements.method.description),
        (CONCEPT_CODES["comment"], measurements.ef_withheld),
        (CONCEPT_CODES["quality"], f"{quality.verdict}: {reasons}" if reasons else quality.verdict),
    ]
    contains = sr.RelationshipTypeValues.CONTAINS
    return [sr.TextContentItem(_concept(name), text, contains) for name, text in texts if text]


def _concept(code: Code) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(*code)
