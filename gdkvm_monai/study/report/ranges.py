"""Reference ranges beside the measured values, without a judgment."""

from __future__ import annotations

from dataclasses import dataclass

from gdkvm_monai.metrics.reference_ranges import ReferenceRange, reference_ranges
from gdkvm_monai.study.measurements import Measurements

__all__ = ["RangeRow", "range_rows"]


@dataclass(frozen=True)
class RangeRow:
    """A measured value and the reference ranges of its quantity.

    Attributes:
        name: quantity.
        unit: unit of the value and the ranges.
        value: measured value; ``None`` if unknown.
        ranges: range of the patient's sex, or of both sexes if it is unknown.
    """

    name: str
    unit: str
    value: float | None
    ranges: tuple[ReferenceRange, ...]


def range_rows(measurements: Measurements) -> list[RangeRow]:
    """Return a row for each measured quantity that has a reference range."""
    mean, dimensions = measurements.mean, measurements.dimensions
    quantities = {
        "ef_percent": ("Ejection fraction", "%", mean.ef_percent),
        "edv_ml": ("EDV", "mL", mean.edv_ml),
        "esv_ml": ("ESV", "mL", mean.esv_ml),
        "la_volume_index_ml_m2": ("LA volume index", "mL/m²", dimensions and dimensions.la_volume_index_ml_m2),
    }
    sex = dimensions and dimensions.patient.sex
    return [
        RangeRow(*texts, reference_ranges(name, sex)) for name, texts in quantities.items() if texts[-1] is not None
    ]
