"""Formatting of results for the terminal."""

from __future__ import annotations

from gdkvm_monai.evaluation.clip_result import frame_table
from gdkvm_monai.evaluation.diagnostics import diagnose_clip, summarize_diagnostics
from gdkvm_monai.evaluation.results_text import format_interval, format_results, warn_of_few_patients
from gdkvm_monai.evaluation.summary import summarize
from gdkvm_monai.metrics.agreement import measure_agreement
from tests.evaluation.clips import scored_clip


def test_each_group_and_each_agreement_has_one_line():
    clips = [scored_clip("a"), scored_clip("b", empty=True)]
    groups = summarize(frame_table(clips), ("structure", "phase"))
    agreement = {"method: EF": measure_agreement([60.0, 41.0], [58.0, 40.0])}
    text = format_results(groups, agreement, {"Poor": agreement}, None)
    lines = text.splitlines()
    assert "HD95 mm" in lines[1] and len(lines) == 2 + 4 + 4 + 2 + 1
    assert lines[2].split()[:5] == ["LV", "ED", "2", "1", "1.0000"]
    assert lines[6].startswith("LV ED: 1 of 2 missed, 50.0 % [9.5, 90.5]; with them Dice 0.5000")
    assert lines[10].startswith("method: EF: n 2 (excluded 0), bias +1.50")
    assert lines[11].startswith("image quality Poor: method: EF: n 2 (excluded 0)")


def test_an_interval_that_does_not_exist_is_not_printed_as_numbers():
    assert format_interval(float("nan"), float("nan"), ".2f") == "[none]"
    assert format_interval(-0.5, 1.25, "+.2f") == "[-0.50, +1.25]"


def test_few_patients_give_a_caution():
    assert "caution: 19 patients" in warn_of_few_patients(19)[0] and warn_of_few_patients(20) == []
    groups = summarize(frame_table([scored_clip("a"), scored_clip("b")]))
    assert format_results(groups, {}, {}, None).splitlines()[-1].startswith("caution: 2 patients")


def test_diagnostics_come_last_and_are_marked_as_not_accuracy():
    clip = scored_clip("a")
    found = diagnose_clip(clip.prediction_ends, clip.label_ends)
    groups = summarize(frame_table([clip]))
    text = format_results(groups, {}, {}, summarize_diagnostics([found], ["a"]))
    last = text.splitlines()[-1]
    assert last.startswith("diagnostics, not accuracy: 2 of 2 predicted frames") and "area jump" not in last
