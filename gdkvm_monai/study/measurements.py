"""The measurements of one clip: the typed content of ``measurements.json``, from which its schema is generated.

A number that is unknown or cannot be measured is ``None``, never NaN. Units are part of the names.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from gdkvm_monai.labels import NOTICE
from gdkvm_monai.study.beat_records import AreasCm2, Beat, BeatMean, PhaseFrames
from gdkvm_monai.study.clip_facts import ClipFacts
from gdkvm_monai.study.dimensions import Dimensions
from gdkvm_monai.study.record_types import STRICT, Range, ReasonCode, Share, Structure, Verdict, View

__all__ = [
    "AreasCm2",
    "Beat",
    "BeatMean",
    "ClipFacts",
    "ClipNumbers",
    "Confidence",
    "Interval",
    "Measurements",
    "Method",
    "PhaseFrames",
    "Quality",
    "Reason",
    "TrainingData",
]

SCHEMA_VERSION = "1.0"
"""Version of ``measurements.schema.json``."""


@dataclass(frozen=True, config=STRICT)
class Method:
    """How the volumes were computed."""

    id: str
    description: str


@dataclass(frozen=True, config=STRICT)
class Interval:
    """Smallest and largest mean over the clip and its perturbed copies."""

    ef_percent: Range | None
    edv_ml: Range | None
    esv_ml: Range | None
    method: str


@dataclass(frozen=True, config=STRICT)
class Confidence:
    """Dice of the left ventricle between the clip and its perturbed copies, over the frames."""

    mean: Share | None
    min: Share | None
    method: str


@dataclass(frozen=True, config=STRICT)
class Reason:
    """One finding of the quality check."""

    code: ReasonCode
    verdict: Literal["check", "reject"]
    message: str


@dataclass(frozen=True, config=STRICT)
class Quality:
    """Result of the quality check: the worst verdict of all reasons, or good if there are none."""

    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the reasons, without duplicates."""
        return tuple(dict.fromkeys(reason.code for reason in self.reasons))

    @property
    def about_weights(self) -> tuple[str, ...]:
        """Messages that say that the weights were trained on other clips than this one."""
        return tuple(reason.message for reason in self.reasons if reason.code in ("weights_domain", "weights_view"))


@dataclass(frozen=True, config=STRICT)
class TrainingData:
    """What the weights were trained on, according to their model card."""

    domain: str
    """kind of data, such as CAMUS; phantom if there were no patients"""
    views: tuple[View, ...]
    """views of the training clips; empty if unknown"""
    assumed_views: tuple[View, ...]
    """views of which the clip is assumed to show one, because none was stated"""


@dataclass(frozen=True, config=STRICT)
class ClipNumbers:
    """The numbers of one clip, before the quality check."""

    schema_version: Literal["1.0"]
    clip: ClipFacts
    structures: Annotated[tuple[Structure, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True})]
    method: Method
    phases: PhaseFrames
    beats: tuple[Beat, ...]
    mean: BeatMean
    interval: Interval
    ef_withheld: Annotated[str, Field(description="why there is no ejection fraction; empty if there is one")]
    confidence: Confidence
    dimensions: Annotated[Dimensions | None, Field(description="sizes and motion; null if they were not measured")]
    edited: Annotated[str, Field(description="what was edited by hand: masks, phases, masks and phases, or nothing")]

    @property
    def first_beat(self) -> Beat | None:
        """The first beat in the mean, otherwise the first one; ``None`` if there is none."""
        return next((beat for beat in self.beats if beat.in_mean), next(iter(self.beats), None))

    def judged(self, quality: Quality, training: TrainingData) -> Measurements:
        """Return the measurements with the result of the quality check and the training data of the weights."""
        own = {field.name: getattr(self, field.name) for field in fields(ClipNumbers)}
        return Measurements(**own, training=training, quality=quality, notice=NOTICE)


@dataclass(frozen=True, config={**STRICT, "title": "Measurements of one echocardiography clip"})
class Measurements(ClipNumbers):
    """Measurements that gdkvm writes for one clip. null means unknown or not measurable; names include units."""

    training: TrainingData
    quality: Quality
    notice: str

    def to_json(self) -> str:
        """Return the text of ``measurements.json``."""
        return json.dumps(asdict(self), indent=2, allow_nan=False) + "\n"
