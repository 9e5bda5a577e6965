"""The records of a clip hold known structures, views and finite numbers."""

from __future__ import annotations

from dataclasses import asdict, fields, replace

import pytest
from pydantic import ValidationError

from gdkvm_monai.labels import STRUCTURES, VIEWS
from gdkvm_monai.study.measurements import AreasCm2, ClipNumbers, Quality, TrainingData
from gdkvm_monai.study.measurements_file import measurements_schema
from tests.study.records import BEAT, CLIP, MEASUREMENTS


def test_structures_and_views_are_those_of_the_labels():
    assert tuple(field.name for field in fields(AreasCm2)) == tuple(STRUCTURES)
    schema = measurements_schema()
    assert schema["properties"]["structures"]["items"]["enum"] == list(STRUCTURES)
    assert set(schema["$defs"]["ClipFacts"]["properties"]["view"]["anyOf"][0]["enum"]) == set(VIEWS)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValidationError, match="frames"):
        replace(CLIP, frames=0)


def test_the_quality_check_adds_the_quality_and_changes_no_number():
    quality = Quality("good", ())
    added = ("training", "quality", "notice")
    numbers = {name: getattr(MEASUREMENTS, name) for name in asdict(MEASUREMENTS) if name not in added}
    training = TrainingData("phantom", (), ())
    judged = ClipNumbers(**numbers).judged(quality, training)
    assert judged == replace(MEASUREMENTS, quality=quality, training=training)


def test_the_first_beat_is_the_first_one_in_the_mean_if_there_is_any():
    left_out, counted = replace(BEAT, in_mean=False), replace(BEAT, in_mean=True, ed_frame=BEAT.ed_frame + 1)
    assert replace(MEASUREMENTS, beats=(left_out, counted)).first_beat is counted
    assert replace(MEASUREMENTS, beats=(left_out,)).first_beat is left_out
    assert replace(MEASUREMENTS, beats=()).first_beat is None
