"""Field types shared by the records of a clip: strictness, number ranges, and allowed values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

__all__ = [
    *("STRICT", "Count", "Length", "Mode", "NotNegative", "Positive", "Range", "ReasonCode", "Sex", "Share"),
    *("Structure", "Trust", "Verdict", "View"),
]

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
"""Records accept no unknown field and no NaN; docstrings of attributes become descriptions in the schema."""

Count = Annotated[int, Field(ge=0)]
Length = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Sex = Literal["F", "M"]
Range = tuple[float, float]
View = Literal["4CH", "2CH"]
Structure = Literal["LV", "MYO", "LA"]
Verdict = Literal["good", "check", "reject"]
Mode = Literal["B-mode", "color Doppler", "spectral Doppler", "M-mode", "unknown"]
Trust = Literal["ok", "scaled", "absent", "conflict"]
ReasonCode = Literal[
    Literal["ef_withheld", "edv_below_esv", "ef_range", "less_than_one_beat", "frame_rate", "spacing", "mode"],
    Literal["partial", "invalid_frames", "no_ventricle", "area_jump", "sector_edge", "parts", "holes", "confidence"],
    Literal["intensity", "weights_view", "weights_domain", "volume_range", "field_depth", "la_jump", "myo_jump"],
    Literal["anatomy", "border", "atrium", "no_base", "no_contraction", "irregular_rhythm", "beat_spread"],
    Literal[
        "uncertain_beats", "heart_rate", "secondary_capture", "ef_interval", "tissue_regions", "frame_times", "frozen"
    ],
]
