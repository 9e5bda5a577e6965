"""Marked frames replace the found ones of their phase, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.metrics.marked_phases import PhaseMarks, mark_phases
from gdkvm_monai.metrics.phases import find_phases

TIME_S = np.arange(75) / 25
FOUND = find_phases(80 + 40 * np.cos(2 * np.pi * TIME_S), TIME_S)  # three beats of 25 frames


def test_without_marks_nothing_changes():
    assert mark_phases(FOUND, PhaseMarks()) is FOUND and len(FOUND.beats) >= 2


def test_marked_frames_of_both_phases_are_the_only_ones():
    marked = mark_phases(FOUND, PhaseMarks(ed=(3, 30), es=(17, 40)))
    assert (marked.ed, marked.es, marked.beats) == ((3, 30), (17, 40), ((3, 17), (30, 40)))
    assert marked.heart_rate_bpm == pytest.approx(60 / (27 / 25)) and marked.reason == ""
    np.testing.assert_array_equal(marked.smoothed, FOUND.smoothed)


def test_the_other_phase_keeps_the_frames_that_were_found():
    marked = mark_phases(FOUND, PhaseMarks(es=(10,)))
    assert marked.ed == FOUND.ed and marked.es == (10,) and marked.beats == ((FOUND.ed[0], 10),)
    taken = mark_phases(FOUND, PhaseMarks(ed=(FOUND.es[0],)))
    assert FOUND.es[0] not in taken.es  # a frame cannot be both


def test_an_end_systole_before_the_only_end_diastole_belongs_to_it():
    assert mark_phases(FOUND, PhaseMarks(ed=(17,), es=(3,))).beats == ((17, 3),)


def test_marks_find_a_beat_in_a_curve_that_has_none():
    flat = find_phases(np.full(10, 50.0))
    assert flat.reason and mark_phases(flat, PhaseMarks((1,), (5,))).beats == ((1, 5),)
    alone = mark_phases(flat, PhaseMarks(ed=(1,)))
    assert alone.beats == () and alone.reason == "no end-systole is marked or was found."


@pytest.mark.parametrize(("marks", "message"), [({"ed": (75,)}, "frame 75 .* end-dia"), ({"es": (-1,)}, "frame -1 ")])
def test_a_frame_that_the_clip_does_not_have_is_refused(marks, message):
    with pytest.raises(ValueError, match=message):
        mark_phases(FOUND, PhaseMarks(**marks))


def test_a_frame_cannot_be_marked_as_both():
    with pytest.raises(ValueError, match="frame 4 is marked as end-diastole and as end-systole"):
        PhaseMarks((2, 4), (4,))


@pytest.mark.parametrize("marks", [PhaseMarks(ed=(0,), es=(5, 14)), PhaseMarks(ed=(0, 5), es=(14,))])
def test_two_marks_of_a_phase_in_a_row_are_refused_because_one_would_be_ignored(marks):
    with pytest.raises(ValueError, match="mark one of them"):
        mark_phases(find_phases(np.full(30, 80.0)), marks)


def test_a_negative_frame_is_refused():
    with pytest.raises(ValueError, match="frame -1"):
        PhaseMarks(ed=(-1,))
