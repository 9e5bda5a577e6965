"""The biplane record is read back as it was written, and nothing else is accepted."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from gdkvm_monai.labels import NOTICE
from gdkvm_monai.study.biplane_record import BiplaneMeasurements, read_biplane
from gdkvm_monai.study.measurements import Method, TrainingData

BIPLANE = BiplaneMeasurements(
    schema_version="1.0",
    views={"4CH": "0123456789abcdef", "2CH": "fedcba9876543210"},
    method=Method("biplane-mod-v1", "method of disks, biplane"),
    edv_ml=112.3,
    esv_ml=48.1,
    sv_ml=64.2,
    ef_percent=57.2,
    beats={"4CH": (0, 5), "2CH": (10, 15)},
    lengths_mm={"ED": {"4CH": 88.0, "2CH": 76.5}, "ES": {"4CH": 70.0, "2CH": 68.0}},
    length_difference_percent={"ED": 13.1, "ES": 2.9},
    foreshortening="at ED the ventricle is 88.0 mm long in the 4CH view and 76.5 mm in the 2CH view.",
    flags=("ED: the lengths of the two views differ by 13 %",),
    ef_withheld="",
    quality={"4CH": "good", "2CH": "check"},
    verdict="check",
    training=dict.fromkeys(("4CH", "2CH"), TrainingData("CAMUS", ("4CH",), ("4CH",))),
    edited={"4CH": "", "2CH": "masks"},
    notice=NOTICE,
)
NOTHING = replace(
    BIPLANE,
    **dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent", "beats", "lengths_mm", "length_difference_percent")),
    flags=(),
    foreshortening="",
    ef_withheld="2CH: the pixel spacing is absent.",
)


@pytest.mark.parametrize("record", [BIPLANE, NOTHING])
def test_reading_returns_what_was_written(record, tmp_path):
    (tmp_path / "biplane.json").write_text(json.dumps(asdict(record)))
    assert read_biplane(tmp_path / "biplane.json") == record
    assert record.id == "01234567-fedcba98"


@pytest.mark.parametrize(("name", "value"), [("edv_ml", -1), ("verdict", "fine"), ("quality", {"PLAX": "good"})])
def test_other_content_is_refused(name, value, tmp_path):
    (tmp_path / "biplane.json").write_text(json.dumps({**asdict(BIPLANE), name: value}))
    with pytest.raises(ValueError, match=name):
        read_biplane(tmp_path / "biplane.json")
