"""``measurements.json`` fits its published schema, and is read back as the same records."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from gdkvm_monai.study import measurements_file as module
from gdkvm_monai.study.measurements_file import measurements_schema, read_measurements
from tests.study.records import MEASUREMENTS

SCHEMA = Path(module.__file__).with_name("measurements.schema.json")


def test_the_published_schema_is_the_generated_one():
    """To regenerate the schema, run: python -m gdkvm_monai.study.measurements_file > the file that this test reads."""
    assert json.loads(SCHEMA.read_text()) == measurements_schema()
    jsonschema.Draft202012Validator.check_schema(measurements_schema())


def test_the_schema_requires_every_field_and_accepts_no_other():
    schema = measurements_schema()
    for part in (schema, *schema["$defs"].values()):
        assert set(part["required"]) == set(part["properties"]) and part["additionalProperties"] is False


def test_written_measurements_match_the_schema_and_are_read_back_equal(tmp_path):
    path = tmp_path / "measurements.json"
    path.write_text(MEASUREMENTS.to_json())
    jsonschema.validate(json.loads(path.read_text()), measurements_schema())
    assert read_measurements(path) == MEASUREMENTS


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda content: content.pop("mean"), "mean"),
        (lambda content: content["mean"].update(ef_percent="57"), "mean.ef_percent"),
        (lambda content: content["clip"].update(view="PLAX"), "clip.view"),
        (lambda content: content["beats"][0].update(edv_ml=-1), "beats.0.edv_ml"),
        (lambda content: content.update(ef=57), "ef"),
        (lambda content: content.update(schema_version="2.0"), "schema_version"),
    ],
)
def test_other_content_is_refused_by_both_schema_and_reader(change, named, tmp_path):
    content = json.loads(MEASUREMENTS.to_json())
    change(content)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, measurements_schema())
    (tmp_path / "measurements.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf"measurements.json does not hold .*\({named}: "):
        read_measurements(tmp_path / "measurements.json")


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_file_without_measurements_is_refused(text, tmp_path):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match="x.json does not hold measurements"):
        read_measurements(tmp_path / "x.json")


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match="x.json"):
        read_measurements(tmp_path / "x.json")


def test_a_folder_of_results_is_refused_with_the_name_of_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{tmp_path} is a folder; choose the measurements.json"):
        read_measurements(tmp_path)
