"""The record of a run is read back as it was written."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.run_record import ConfigRecord, InputRecord, RunRecord, WeightsRecord, read_run

RECORD = RunRecord(
    gdkvm_version="0.4.0",
    monai_version="1.5.2",
    torch_version="2.6.0",
    python_version="3.11.2",
    device="cpu",
    started_utc="2026-01-02T03:04:05+00:00",
    seconds=1.25,
    input=InputRecord("0" * 64, 1234, "dicom"),
    weights=WeightsRecord("model.pt", "1" * 64, "the phantom", "Apache-2.0"),
    config=ConfigRecord("2" * 64),
    network="GDKVM",
    frame_size=(256, 256),
    options=SegmentOptions(view="4CH", spacing_mm=(0.3, 0.4), formats=("nifti", "png")),
    fingerprint="3" * 64,
)


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        replace(RECORD, intensity_low=0.0, intensity_high=4095.0),
        replace(RECORD, not_written={"sr.dcm": "no beat was found."}),
    ],
)
def test_reading_returns_what_was_written(record, tmp_path):
    (tmp_path / "run.json").write_text(record.to_json())
    assert read_run(tmp_path / "run.json") == record


def test_entries_that_do_not_apply_are_omitted():
    assert not {"intensity_low", "intensity_high", "not_written"} & json.loads(RECORD.to_json()).keys()
    assert json.loads(replace(RECORD, intensity_low=0.0).to_json())["intensity_low"] == 0


@pytest.mark.parametrize(("name", "value"), [("seconds", "1.25"), ("device", None), ("options", {"fps": -1})])
def test_other_content_is_refused(name, value, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({**json.loads(RECORD.to_json()), name: value}))
    with pytest.raises(ValueError, match=name if name != "options" else "fps"):
        read_run(tmp_path / "run.json")
