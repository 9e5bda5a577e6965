"""The provenance of a report is in words, complete, and exact."""

from __future__ import annotations

import json
from dataclasses import replace

from gdkvm_monai.study.report.environment import DASH
from gdkvm_monai.study.report.provenance import describe_run
from tests.study.report.clip_result import RUN

WITH_VIEWS = replace(RUN, weights=replace(RUN.weights, views=("4CH", "2CH")))


def test_every_entry_is_named_by_its_path_in_words():
    rows = dict(describe_run(replace(WITH_VIEWS, not_written={"sr.dcm": "no beat was found."})))
    assert rows["Input, SHA-256"] == RUN.input.sha256 and rows["Weights, trained on"] == RUN.weights.trained_on
    assert rows["PyTorch version"] == RUN.torch_version and rows["Started (UTC)"] == RUN.started_utc
    assert rows["Frame size"] == "256, 256" and rows["Weights, views"] == "4CH, 2CH"
    assert rows["Not written, sr.dcm"] == "no beat was found." and rows["Options, crop"] == "yes"


def test_what_is_unknown_or_empty_is_said_in_words():
    rows = dict(describe_run(replace(RUN, weights=replace(RUN.weights, views=()))))
    assert rows["Options, frame rate (Hz)"] == f"{DASH} not set"
    assert rows["Weights, views"] == f"{DASH} none"


def test_no_name_is_used_twice_and_no_entry_is_missing():
    def count(content: object) -> int:
        return sum(map(count, content.values())) if isinstance(content, dict) and content else 1

    rows = describe_run(RUN)
    assert len(dict(rows)) == len(rows) == count(json.loads(RUN.to_json()))
    assert not [name for name, text in rows if "_" in name or "[" in text or text in ("true", "false", "null")]
