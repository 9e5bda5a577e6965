"""Facts about a clip are checked when they are stated."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from pydantic import TypeAdapter, ValidationError

from gdkvm_monai.study.clip_facts import ClipFacts
from tests.study.records import CLIP


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("id", "Doe^Jane"),
        ("id", "0123456789ABCDEF"),
        ("view", "A4C"),
        ("frames", 0),
        ("valid_frames", -1),
        ("lateral_px", 0),
        ("frame_time_ms", 0.0),
        ("frame_rate_hz", float("nan")),
        ("frame_rate_hz", -25.0),
        ("spacing_trust", "maybe"),
        ("spacing_mm", (0.3,)),
        ("spacing_mm", (0.3, float("inf"))),
        ("mode", "Doppler"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(field, wrong):
    with pytest.raises(ValidationError, match=rf"\n{field}"):
        replace(CLIP, **{field: wrong})


@pytest.mark.parametrize("field", ["view", "frame_time_ms", "frame_time_source", "frame_rate_hz", "spacing_mm"])
def test_what_may_be_unknown_may_be_none_but_not_missing(field):
    assert getattr(replace(CLIP, **{field: None}), field) is None
    with pytest.raises(ValidationError, match="required"):
        TypeAdapter(ClipFacts).validate_python({key: value for key, value in asdict(CLIP).items() if key != field})


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="patient"):
        TypeAdapter(ClipFacts).validate_python({**asdict(CLIP), "patient": "Doe"})
