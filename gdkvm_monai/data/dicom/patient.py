"""What the measurements need to know about the patient: nothing else of a DICOM header is read here."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PatientHeader", "read_patient"]

RANGES = {"PatientSize": (0.3, 2.5), "PatientWeight": (1.0, 400.0), "HeartRate": (20.0, 300.0)}
"""Plausible values: height in m, weight in kg, beats per minute; other values count as unknown."""


@dataclass(frozen=True)
class PatientHeader:
    """Values in a DICOM header; ``None`` if it does not state them, or they are implausible.

    They belong in the measurements of the clip only: never in metadata, names, messages, or logs.

    Attributes:
        sex: ``F`` or ``M``.
        height_m: height in m.
        weight_kg: weight in kg.
        heart_rate_bpm: heart rate during the acquisition.
    """

    sex: str | None = None
    height_m: float | None = None
    weight_kg: float | None = None
    heart_rate_bpm: float | None = None


def read_patient(path: Path) -> PatientHeader:
    """Read the patient's sex, height, and weight and the heart rate from a DICOM clip that can be read.

    Args:
        path: DICOM file whose header :func:`~gdkvm_monai.data.dicom.header.read_header` has accepted.

    Returns:
        The values. One that cannot be converted is unknown; nothing is raised, so that no value can get into a message.
    """
    from pydicom import dcmread

    tags = ["PatientSex", *RANGES]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings quote header values
        header = dcmread(path, stop_before_pixels=True, specific_tags=tags)
        sex = _value(header, "PatientSex")
        size, weight, rate = (_number(header, name) for name in RANGES)
    return PatientHeader(sex if sex in ("F", "M") else None, size, weight, rate)


def _value(header: Any, name: str) -> Any:
    try:
        return header.get(name)
    except Exception:  # pydicom raises almost anything for a malformed value
        return None


def _number(header: Any, name: str) -> float | None:
    low, high = RANGES[name]
    try:
        value = float(_value(header, name))
    except (TypeError, ValueError):
        return None
    return value if low <= value <= high else None
