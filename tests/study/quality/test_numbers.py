"""An implausible ejection fraction or volume, and less than one beat, are reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.study.measurements import ClipNumbers
from gdkvm_monai.study.quality.numbers import WIDEST_INTERVAL
from tests.study.quality.case import Case
from tests.study.records import DIMENSIONS


def shorten(case: Case) -> None:
    case.frames = case.frames[:14]


@pytest.mark.parametrize(
    ("code", "verdict", "change", "message"),
    [
        ("ef_withheld", "check", lambda case: case.measure(volume=np.nan), "there is no ejection fraction"),
        ("edv_below_esv", "reject", lambda case: case.scale_volumes(lambda v: 120 - v), "below the end-systolic"),
        ("ef_range", "reject", lambda case: case.scale_volumes(lambda v: max(v - 36.4, 0.01)), "outside 5 to 90 %"),
        ("ef_range", "reject", lambda case: case.scale_volumes(lambda v: v + 1900), "outside 5 to 90 %"),
        ("less_than_one_beat", "check", shorten, "less than one beat"),
    ],
)
def test_each_problem_is_reported_with_its_reason(code, verdict, change, message):
    case = Case()
    change(case)
    quality = case.judged()
    (reason,) = [reason for reason in quality.reasons if reason.code == code]
    assert reason.verdict == verdict and message in reason.message
    assert quality.verdict in (verdict, "reject")


@pytest.mark.parametrize(
    ("ef_percent", "codes"),
    [
        (90.1, ("ef_range",)),
        (89.9, ()),
        (5.1, ()),
        (4.9, ("ef_range",)),
        (0.1, ("ef_range",)),
        (-0.1, ("edv_below_esv", "ef_range")),
    ],
)
def test_the_ejection_fraction_of_any_beat_is_compared_with_the_plausible_range(ef_percent, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        *others, last = numbers.beats
        return replace(numbers, beats=(*others, replace(last, ef_percent=ef_percent)))

    assert Case().judged(change).codes == codes


@pytest.mark.parametrize(
    ("edv_ml", "verdict"),
    [(0.05, "reject"), (4.9, "reject"), (5.1, "check"), (24.9, "check"), (25.1, "good")]
    + [(349, "good"), (351, "check"), (699, "check"), (701, "reject"), (None, "good")],
)
def test_the_volume_of_the_ventricle_is_that_of_a_human_heart(edv_ml, verdict):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, beats=tuple(replace(beat, edv_ml=edv_ml) for beat in numbers.beats))

    quality = Case().judged(change)
    assert quality.verdict == verdict and quality.codes == (() if verdict == "good" else ("volume_range",))


@pytest.mark.parametrize(
    ("ed_frames", "es_frames", "codes"),
    [
        ((0,), (10,), ("less_than_one_beat",)),
        ((0, 25), (10,), ()),
        ((12,), (0, 25), ()),
        ((), (), ("less_than_one_beat",)),
    ],
)
def test_one_beat_has_two_end_diastoles_or_two_end_systoles(ed_frames, es_frames, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, phases=replace(numbers.phases, ed_frames=ed_frames, es_frames=es_frames))

    assert Case().judged(change).codes == codes


def test_a_ventricle_without_contraction_is_reported():
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, phases=replace(numbers.phases, no_contraction=True))

    assert Case().judged(change).codes == ("no_contraction",)


@pytest.mark.parametrize(
    ("rhythm", "codes"), [("irregular", ("irregular_rhythm",)), ("ectopic", ("irregular_rhythm",)), ("regular", ())]
)
def test_a_rhythm_that_is_not_regular_is_reported_with_its_intervals(rhythm, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        beats = tuple(replace(beat, rr_s=0.6 + 0.3 * number) for number, beat in enumerate(numbers.beats))
        return replace(numbers, phases=replace(numbers.phases, rhythm=rhythm), beats=beats)

    quality = Case().judged(change)
    assert quality.codes == codes
    assert all("from 0.60 to 0.90 s" in reason.message for reason in quality.reasons)


@pytest.mark.parametrize(
    ("rate", "codes"),
    [(None, ()), (18, ("heart_rate",)), (39, ("heart_rate",)), (41, ()), (219, ()), (221, ("heart_rate",))],
)
def test_a_rate_that_is_not_that_of_a_heart_is_reported(rate, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, phases=replace(numbers.phases, heart_rate_bpm=rate))

    assert Case().judged(change).codes == codes


@pytest.mark.parametrize(
    ("stated", "codes"), [(None, ()), (50, ("heart_rate",)), (60, ()), (75, ()), (90, ("heart_rate",))]
)
def test_a_rate_that_differs_from_that_of_the_header_by_a_fifth_is_reported(stated, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        dimensions = replace(DIMENSIONS, header_heart_rate_bpm=stated)
        return replace(numbers, phases=replace(numbers.phases, heart_rate_bpm=66.0), dimensions=dimensions)

    assert Case().judged(change).codes == codes


@pytest.mark.parametrize(("spread", "codes"), [(None, ()), (4.9, ()), (5.1, ("beat_spread",))])
def test_beats_that_differ_are_reported(spread, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, mean=replace(numbers.mean, ef_sd_percent=spread))

    assert Case().judged(change).codes == codes


@pytest.mark.parametrize(("points", "codes"), [(9.9, ()), (10.1, ("beat_spread",)), (-10.1, ("beat_spread",))])
def test_a_cut_beat_that_is_left_out_of_the_mean_is_reported_if_it_is_far_from_it(points, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        first, *others = numbers.beats
        cut = replace(first, ef_percent=numbers.mean.ef_percent + points, concern="clip_end", in_mean=False)
        return replace(numbers, beats=(cut, *others))

    assert Case().judged(change).codes == codes


@pytest.mark.parametrize("certain", [False, True])
def test_noisy_beats_are_reported_if_no_beat_in_the_mean_is_certain(certain):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        first, *others = (replace(beat, concern="uncertain", in_mean=True) for beat in numbers.beats)
        return replace(numbers, beats=(replace(first, concern="" if certain else "uncertain"), *others))

    assert Case().judged(change).codes == (() if certain else ("uncertain_beats",))


@pytest.mark.parametrize(
    ("ends", "codes"),
    [(None, ()), ((50.0, 50 + WIDEST_INTERVAL), ()), ((50.0, 50.1 + WIDEST_INTERVAL), ("ef_interval",))],
)
def test_copies_that_disagree_on_the_ejection_fraction_are_reported(ends, codes):
    def change(numbers: ClipNumbers) -> ClipNumbers:
        return replace(numbers, interval=replace(numbers.interval, ef_percent=ends))

    assert Case().judged(change).codes == codes
