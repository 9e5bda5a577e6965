"""What the records of a clip have in common: strictness, and the ranges of their numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

__all__ = ["STRICT", "Count", "Length", "NotNegative", "Positive", "Range", "Share"]

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
"""Records accept no unknown field and no NaN; their attributes' docstrings become the schema's descriptions."""

Count = Annotated[int, Field(ge=0)]
Length = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Range = tuple[float, float]
