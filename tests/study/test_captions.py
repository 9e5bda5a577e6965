"""Every frame of the movie is named, and marked if it is end-diastolic or end-systolic."""

from __future__ import annotations

from dataclasses import replace

from gdkvm_monai.labels import NOTICE
from gdkvm_monai.study.captions import frame_captions
from gdkvm_monai.study.measurements import Quality, Reason
from tests.study.report.clip_result import ED, ES, make_masks, make_measurements, make_table

MASKS = make_masks()
MEASUREMENTS = make_measurements(MASKS)


def test_a_caption_has_the_number_the_time_the_phase_and_the_notice():
    captions = frame_captions(MEASUREMENTS, make_table(MASKS))
    assert captions[0] == ("frame 0   0.00 s   ED", NOTICE) and captions[1] == ("frame 1   0.04 s", NOTICE)
    assert [t for t, (facts, _) in enumerate(captions) if facts.endswith("ED")] == list(ED)
    assert [t for t, (facts, _) in enumerate(captions) if facts.endswith("ES")] == list(ES)


def test_without_times_a_caption_has_none():
    assert frame_captions(MEASUREMENTS, make_table(MASKS, timed=False))[5] == ("frame 5   ES", NOTICE)


def test_without_a_ventricle_no_frame_is_marked():
    empty = replace(MEASUREMENTS, quality=Quality("reject", (Reason("no_ventricle", "reject", "none."),)))
    assert not [facts for facts, _ in frame_captions(empty, make_table(MASKS)) if "E" in facts]
