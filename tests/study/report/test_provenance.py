"""The provenance of a report is in words, complete, and exact."""

from __future__ import annotations

import json
from dataclasses import replace

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.report.environment import DASH
from gdkvm_monai.study.report.provenance import describe_defaults, describe_run
from tests.study.report.clip_result import RUN

WITH_VIEWS = replace(RUN, weights=replace(RUN.weights, views=("4CH", "2CH")))


def test_every_entry_is_named_by_its_path_in_words():
    rows = dict(describe_run(replace(WITH_VIEWS, not_written={"sr.dcm": "no beat was found."})))
    assert rows["Input, SHA-256"] == RUN.input.sha256 and rows["Weights, trained on"] == RUN.weights.trained_on
    assert rows["PyTorch version"] == RUN.torch_version and rows["Started (UTC)"] == RUN.started_utc
    assert rows["Frame size"] == "256, 256" and rows["Weights, views"] == "4CH, 2CH"
    assert rows["Not written, sr.dcm"] == "no beat was found."


def test_what_is_unknown_or_empty_is_said_in_words():
    run = replace(RUN, weights=replace(RUN.weights, views=()))
    assert dict(describe_run(run))["Weights, views"] == f"{DASH} none"
    assert dict(describe_defaults(run))["Options, frame rate (Hz)"] == f"{DASH} not set"


def test_an_option_that_was_given_stands_apart_from_those_at_their_defaults():
    run = replace(RUN, options=SegmentOptions(view="4CH", fps=50.0, formats=("png", "npz")))
    given = {name: text for name, text in describe_run(run) if name.startswith("Options")}
    assert given == {
        "Options, view": "4CH", "Options, frame rate (Hz)": "50.0", "Options, formats": "png, npz"
    }  # fmt: skip
    defaults = dict(describe_defaults(run))
    assert defaults["Options, crop"] == "yes" and not set(given) & set(defaults)
    assert all(name.startswith("Options") for name in defaults)


def test_no_name_is_used_twice_and_no_entry_is_missing():
    def count(content: object) -> int:
        return sum(map(count, content.values())) if isinstance(content, dict) and content else 1

    rows = describe_run(RUN) + describe_defaults(RUN)
    assert len(dict(rows)) == len(rows) == count(json.loads(RUN.to_json()))
    assert not [name for name, text in rows if "_" in name or "[" in text or text in ("true", "false", "null")]
