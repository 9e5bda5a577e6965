"""Beats, means and intervals of a clip whose curves are known."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.metrics.frame_measurements import measure_frame
from gdkvm_monai.study.frame_table import FrameTable, frame_table
from gdkvm_monai.study.measure import Copies, measure_clip
from tests.metrics.ventricles import inside, ventricle
from tests.study import records

CLIP = replace(records.CLIP, view="2CH", frames=60)


def table(volume, area=None, valid=None, spacing_known=True, rate_hz=25.0) -> FrameTable:
    area = volume if area is None else area
    valid = [True] * len(volume) if valid is None else valid
    frames = [
        records.frame(
            ok,
            areas_px=dict.fromkeys(STRUCTURES, int(1000 * value)),
            areas_cm2=dict.fromkeys(STRUCTURES, float(value) if spacing_known else math.nan),
            volume=float(size),
        )
        for size, value, ok in zip(volume, area, valid)
    ]
    times_s = None if rate_hz is None else np.arange(len(frames)) / rate_hz
    return frame_table("f" * 16, frames, times_s, spacing_known)


def two_beats() -> np.ndarray:
    return 80 + 40 * np.cos(2 * np.pi * np.arange(51) / 25)


def test_volumes_without_noise_are_those_of_the_reported_frames():
    measured = measure_clip(CLIP, table(two_beats()))
    assert [(beat.ed_frame, beat.es_frame) for beat in measured.beats] in ([(0, es), (25, 37)] for es in (12, 13))
    for beat in measured.beats:
        edv, esv = two_beats()[[beat.ed_frame, beat.es_frame]]
        assert (beat.edv_ml, beat.esv_ml) == (pytest.approx(edv, abs=0.5), pytest.approx(esv, abs=0.5))
        assert beat.ef_percent == pytest.approx(100 * (beat.edv_ml - beat.esv_ml) / beat.edv_ml, abs=1e-2)
        assert beat.es_area_cm2.LV == pytest.approx(esv, abs=1e-3)
    mean = measured.mean
    assert [(beat.concern, beat.in_mean) for beat in measured.beats] == [("clip_end", False), ("", True)]
    assert mean.n_beats == 1 and mean.ef_percent == measured.beats[1].ef_percent
    assert measured.beats[0].rr_s == 1 and measured.phases.rhythm == "unknown"
    assert measured.phases.heart_rate_bpm == pytest.approx(60, abs=3)
    assert "apical two-chamber" in measured.method.description


def test_the_ejection_fraction_does_not_depend_on_the_unit():
    with_unit = measure_clip(CLIP, table(two_beats()))
    without = measure_clip(CLIP, table(7 * two_beats(), two_beats(), spacing_known=False))
    assert without.mean.ef_percent == pytest.approx(with_unit.mean.ef_percent, abs=1e-2)
    assert without.mean.edv_ml is None and without.beats[0].ed_area_cm2.LV is None


@pytest.mark.parametrize("invalid", [0, 12, 13, 25, 37])
def test_an_invalid_frame_has_no_volume_and_is_never_a_phase(invalid):
    valid = [frame != invalid for frame in range(51)]
    frames = table(two_beats(), valid=valid)
    assert frames.lv_volume_ml[invalid] is None and frames.lv_volume_relative[invalid] is None
    measured = measure_clip(CLIP, frames)
    found = {*measured.phases.ed_frames, *measured.phases.es_frames}
    assert invalid not in found and len(measured.beats) == 2
    assert all(beat.ef_percent == pytest.approx(66.7, abs=1.5) for beat in measured.beats)


def test_the_interval_spans_the_copies_at_the_same_frames():
    copies = [two_beats() + 5, two_beats() - 5]
    interval = measure_clip(CLIP, table(two_beats()), copies=Copies(copies, "two changes")).interval
    low, high = 100 * 80 / 125, 100 * 80 / 115
    assert interval.ef_percent == (pytest.approx(low, abs=0.5), pytest.approx(high, abs=0.5))
    assert interval.edv_ml == (pytest.approx(115, abs=0.5), pytest.approx(125, abs=0.5))
    assert "not a confidence interval" in interval.method and "two changes" in interval.method


def test_a_copy_that_cannot_be_measured_gives_no_interval_instead_of_one_too_narrow():
    copies = [two_beats(), np.full(51, np.nan)]
    assert measure_clip(CLIP, table(two_beats()), copies=Copies(copies, "changes")).interval.ef_percent is None


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        (np.array([80.0]), "a single frame has no ejection fraction"),
        (np.full(40, 80.0), "the curve changes by less than"),
        (np.full(40, np.nan), "could be measured|no measurable volume"),
    ],
)
def test_the_reason_for_a_missing_ejection_fraction_is_given(volume, reason):
    area = np.nan_to_num(volume, nan=0)
    measured = measure_clip(CLIP, table(volume, area))
    assert measured.mean.ef_percent is None
    assert re.search(reason, measured.ef_withheld)


GRID_MM = (1.5, 1.5)


def beating(frames=31, rate_hz=25):
    """Return the masks of a ventricle that contracts and relaxes once, end-systole at frame 13."""
    shrinking = (1 - np.cos(2 * np.pi * np.arange(frames) / rate_hz)) / 2
    return [ventricle(50 - 8 * share, 25 - 7 * share, GRID_MM, cut=25 - 4 * share) for share in shrinking]


def measured_ef(masks, rate_hz=25):
    frames = [replace(records.FRAME, measured=measure_frame(mask, GRID_MM)) for mask in masks]
    return measure_clip(CLIP, frame_table("f" * 16, frames, np.arange(len(frames)) / rate_hz, True)).mean.ef_percent


@pytest.fixture(scope="module")
def whole_ef():
    return measured_ef(beating())


@pytest.mark.parametrize("gap_mm", [1.5, 6])
@pytest.mark.parametrize("cut", [range(12, 15), range(0, 31, 2), [1, 6, 7, 19]])
def test_a_gap_across_the_ventricle_in_some_frames_does_not_change_the_ejection_fraction(cut, gap_mm, whole_ef):
    along, _ = inside(GRID_MM, 0)
    gap = (along > 1) & (along <= 1 + gap_mm)
    damaged = [np.where(gap & (t in cut), 0, mask) for t, mask in enumerate(beating())]
    assert whole_ef == pytest.approx(56, abs=3) and measured_ef(damaged) == pytest.approx(whole_ef, abs=2)
