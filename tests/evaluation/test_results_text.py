"""Formatting of results for the terminal."""

from __future__ import annotations

from gdkvm_monai.evaluation.clip_result import frame_table
from gdkvm_monai.evaluation.diagnostics import diagnose_clip, summarize_diagnostics
from gdkvm_monai.evaluation.results_text import format_results
from gdkvm_monai.evaluation.summary import summarize
from gdkvm_monai.metrics.agreement import measure_agreement
from tests.evaluation.clips import scored_clip


def test_each_group_and_each_agreement_has_one_line():
    clips = [scored_clip("a"), scored_clip("b", empty=True)]
    groups = summarize(frame_table(clips), ("structure", "phase"))
    lines = format_results(groups, {"method: EF": measure_agreement([60.0, 41.0], [58.0, 40.0])}, None).splitlines()
    assert "HD95 mm" in lines[0] and len(lines) == 1 + 4 + 1
    assert lines[1].split()[:5] == ["LV", "ED", "2", "1", "0.5000"]
    assert lines[-1].startswith("method: EF: n 2 (excluded 0), bias +1.50")


def test_diagnostics_come_last_and_are_marked_as_not_accuracy():
    clip = scored_clip("a")
    found = diagnose_clip(clip.prediction_ends, clip.label_ends)
    groups = summarize(frame_table([clip]))
    text = format_results(groups, {}, summarize_diagnostics([found], ["a"]))
    last = text.splitlines()[-1]
    assert last.startswith("diagnostics, not accuracy: 2 of 2 predicted frames") and "area jump" not in last
