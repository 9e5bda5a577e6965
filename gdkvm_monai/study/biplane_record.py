"""The biplane measurements of one patient: the typed content of ``biplane.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from gdkvm_monai.study.measurements import Method, TrainingData
from gdkvm_monai.study.record_types import STRICT, Count, NotNegative, Verdict, View

__all__ = ["BiplaneMeasurements", "read_biplane"]

Phase = Literal["ED", "ES"]


@dataclass(frozen=True, config=STRICT)
class BiplaneMeasurements:
    """Content of ``biplane.json``; unknown values are ``None``.

    Attributes:
        schema_version: version of the schema of ``measurements.json``.
        views: identifier of the clip of each view.
        method: how the volumes were computed.
        edv_ml: end-diastolic volume.
        esv_ml: end-systolic volume.
        sv_ml: stroke volume.
        ef_percent: ejection fraction.
        beats: end-diastolic and end-systolic frame of each view.
        lengths_mm: length of the ventricle in each phase and view.
        length_difference_percent: difference of the two lengths in each phase, as a share of the longer one.
        foreshortening: warning that a view may be foreshortened, because the lengths differ; empty if they do not.
        flags: what looks wrong.
        ef_withheld: why there is no ejection fraction; empty if there is one.
        quality: quality verdict of each view.
        verdict: worst verdict of the views; at best ``check`` with a flag or without an ejection fraction.
        training: what the weights were trained on, and the views that are assumed because none was stated.
        edited: what was edited by hand in each view; empty for the network's own results.
        notice: intended use of the numbers.
    """

    schema_version: str
    views: dict[View, str]
    method: Method
    edv_ml: NotNegative | None
    esv_ml: NotNegative | None
    sv_ml: float | None
    ef_percent: float | None
    beats: dict[View, tuple[Count, Count]] | None
    lengths_mm: dict[Phase, dict[View, NotNegative]] | None
    length_difference_percent: dict[Phase, NotNegative] | None
    foreshortening: str
    flags: tuple[str, ...]
    ef_withheld: str
    quality: dict[View, Verdict]
    verdict: Verdict
    training: dict[View, TrainingData]
    edited: dict[View, str]
    notice: str

    @property
    def id(self) -> str:
        """First eight digits of the identifiers of the four-chamber and the two-chamber clip."""
        return "-".join(self.views[view][:8] for view in ("4CH", "2CH"))


def read_biplane(path: Path) -> BiplaneMeasurements:
    """Read ``biplane.json``.

    Raises:
        FileNotFoundError: if the file does not exist.
        ValueError: if its content is not valid.
    """
    return TypeAdapter(BiplaneMeasurements).validate_json(path.read_bytes(), strict=True)
