"""Notes on missing numbers give the true cause, once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.study.report.notes import collect_notes
from tests.study.report.clip_result import NO_CHANGE, make_measurements, without_beats

MASKS = np.zeros((64, 48, 24), np.uint8)
SV_NOTE = "no interval is computed for the stroke volume."


def test_if_everything_is_known_only_the_interval_of_the_stroke_volume_is_missing():
    notes = collect_notes(make_measurements(MASKS))
    assert notes.summary == [] and notes.beats == [SV_NOTE]


def test_without_a_trusted_spacing_the_volumes_are_missing_for_that_reason():
    notes = collect_notes(make_measurements(MASKS, None))
    assert (
        len(notes.summary) == 1
        and "the pixel spacing is unknown" in notes.summary[0]
        and notes.beats == [*notes.summary, SV_NOTE]
    )


@pytest.mark.parametrize("spacing_mm", [None, (0.6, 0.6)])
def test_without_a_beat_the_reason_is_given_once_for_all_numbers(spacing_mm):
    notes = collect_notes(without_beats(make_measurements(MASKS, spacing_mm)))
    assert notes.summary == notes.beats == [NO_CHANGE] and notes.ejection_fraction == notes.heart_rate == NO_CHANGE


def test_a_missing_sd_interval_and_heart_rate_are_explained_one_by_one():
    whole = make_measurements(MASKS)
    one_beat = replace(
        whole,
        mean=replace(whole.mean, ef_sd_percent=None),
        interval=replace(whole.interval, ef_percent=None),
        phases=replace(whole.phases, heart_rate_bpm=None),
    )
    notes = collect_notes(one_beat)
    assert notes.beats == ["the SD requires at least two beats.", "no interval was computed."]
    assert notes.summary == [notes.heart_rate] and "two end-diastolic frames" in notes.heart_rate


def test_a_withheld_ejection_fraction_is_explained():
    whole, why = make_measurements(MASKS), "the ventricle is empty."
    unknown = dict.fromkeys(("edv_ml", "esv_ml", "sv_ml", "ef_percent", "ef_sd_percent"))
    notes = collect_notes(replace(whole, ef_withheld=why, mean=replace(whole.mean, **unknown)))
    assert notes.ejection_fraction == why and notes.beats == notes.summary == [why]


@pytest.mark.parametrize(
    ("view", "trained", "text"),
    [
        ("2CH", ("4CH",), "apical two-chamber, as stated."),
        (None, ("4CH",), "not stated; assumed to be apical four-chamber, as in training."),
        (None, ("2CH", "4CH"), "not stated; assumed to be apical two-chamber or apical four-chamber, as in training."),
        (None, (), "not stated."),
    ],
)
def test_the_note_says_whether_the_view_was_stated_or_assumed(view, trained, text):
    whole = make_measurements(MASKS)
    assert collect_notes(replace(whole, clip=replace(whole.clip, view=view)), trained).view == text
