"""Beats, means and intervals of a clip whose curves are known."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gdkvm_monai.study.measure import frame_columns, measure_clip

CLIP = {"id": "f" * 16, "view": "2CH", "frames": 60}


def columns(volume, area=None, valid=None, spacing_known=True, rate_hz=25.0) -> dict:
    area = volume if area is None else area
    valid = [True] * len(volume) if valid is None else valid
    rows = [
        {
            **{f"{name}_px": int(1000 * value) for name in ("LV", "MYO", "LA")},
            **{f"{name}_cm2": float(value) if spacing_known else np.nan for name in ("LV", "MYO", "LA")},
            **{"volume": float(size), "valid": ok, "confidence": np.nan},
        }
        for size, value, ok in zip(volume, area, valid)
    ]
    times = None if rate_hz is None else np.arange(len(rows)) / rate_hz
    return frame_columns("f" * 16, rows, times, spacing_known)


def two_beats() -> np.ndarray:
    return 80 + 40 * np.cos(2 * np.pi * np.arange(51) / 25)


def test_volumes_are_those_of_the_frames_that_are_named():
    measured = measure_clip(CLIP, columns(two_beats()))
    assert [(beat["ed_frame"], beat["es_frame"]) for beat in measured["beats"]] in (
        [(0, es), (25, 37)] for es in (12, 13)
    )
    for beat in measured["beats"]:
        edv, esv = two_beats()[[beat["ed_frame"], beat["es_frame"]]]
        assert (beat["edv_ml"], beat["esv_ml"]) == (pytest.approx(edv, abs=1e-3), pytest.approx(esv, abs=1e-3))
        assert beat["ef_percent"] == pytest.approx(100 * (edv - esv) / edv, abs=1e-2)
        assert beat["es_area_cm2"]["LV"] == pytest.approx(esv, abs=1e-3)
    mean = measured["mean"]
    assert mean["n_beats"] == 2
    assert mean["ef_percent"] == pytest.approx(np.mean([b["ef_percent"] for b in measured["beats"]]), abs=1e-3)
    assert measured["phases"]["heart_rate_bpm"] == pytest.approx(60, abs=3)
    assert "apical two-chamber" in measured["method"]["description"]


def test_the_ejection_fraction_does_not_depend_on_the_unit():
    with_unit = measure_clip(CLIP, columns(two_beats()))
    without = measure_clip(CLIP, columns(7 * two_beats(), two_beats(), spacing_known=False))
    assert without["mean"]["ef_percent"] == pytest.approx(with_unit["mean"]["ef_percent"], abs=1e-2)
    assert without["mean"]["edv_ml"] is None and without["beats"][0]["ed_area_cm2"]["LV"] is None


def test_an_invalid_frame_has_no_volume_and_is_no_phase():
    valid = [True] * 51
    valid[12] = False
    measured = measure_clip(CLIP, columns(two_beats(), valid=valid))
    table = columns(two_beats(), valid=valid)
    assert table["LV_volume_ml"][12] is None and table["LV_volume_relative"][12] is None
    beat = measured["beats"][0]
    assert (beat["es_frame"] == 12) == (beat["ef_percent"] is None)


def test_the_interval_spans_the_copies_at_the_same_frames():
    copies = [two_beats() + 5, two_beats() - 5]
    interval = measure_clip(CLIP, columns(two_beats()), copies, "two changes")["interval"]
    low, high = 100 * 80 / 125, 100 * 80 / 115
    assert interval["ef_percent"] == [pytest.approx(low, abs=0.5), pytest.approx(high, abs=0.5)]
    assert interval["edv_ml"] == [pytest.approx(115, abs=0.5), pytest.approx(125, abs=0.5)]
    assert "not a confidence interval" in interval["method"] and "two changes" in interval["method"]


def test_a_copy_that_cannot_be_measured_gives_no_interval_instead_of_a_narrow_one():
    copies = [two_beats(), np.full(51, np.nan)]
    assert measure_clip(CLIP, columns(two_beats()), copies, "changes")["interval"]["ef_percent"] is None


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        (np.array([80.0]), "one frame has no ejection fraction"),
        (np.full(40, 80.0), "the curve changes by less than"),
        (np.full(40, np.nan), "could be measured|no measurable volume"),
    ],
)
def test_why_there_is_no_ejection_fraction_is_said(volume, reason):
    area = np.nan_to_num(volume, nan=0)
    measured = measure_clip(CLIP, columns(volume, area))
    assert measured["mean"]["ef_percent"] is None
    assert re.search(reason, measured["ef_withheld"])
