"""The record of a beat holds finite numbers in their range."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from pydantic import ValidationError

from tests.study.records import BEAT


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_is_finite_or_none(value):
    with pytest.raises(ValidationError, match="finite"):
        replace(BEAT, ef_percent=value)


def test_a_volume_below_zero_is_refused():
    with pytest.raises(ValidationError, match="edv_ml"):
        replace(BEAT, edv_ml=-1.0)
