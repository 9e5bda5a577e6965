"""Beats that are not in the mean are named with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from gdkvm_monai.metrics.beats import BeatConcern
from gdkvm_monai.study.report.beat_notes import CONCERNS, describe_beats
from tests.study.records import BEAT

NOISY = replace(BEAT, concern="uncertain", in_mean=False)


def test_beats_without_concern_need_no_note():
    assert describe_beats([BEAT, BEAT]) == []


def test_beats_that_share_a_concern_are_named_together():
    notes = describe_beats([replace(NOISY, concern="clip_end"), BEAT, NOISY, NOISY])
    assert notes == [
        "beat 1 is not in the mean: end-diastole or end-systole is the first or last frame of the clip.",
        "beats 3, 4 are not in the mean: the volumes are too noisy.",
    ]


def test_a_beat_that_counts_for_lack_of_a_better_one_is_named_as_such():
    (note,) = describe_beats([replace(NOISY, in_mean=True)])
    assert note.startswith("beat 1 is in the mean for lack of a better one: ")


def test_every_concern_has_words():
    assert {"", *CONCERNS} == set(get_args(BeatConcern))
