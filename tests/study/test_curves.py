"""Curves of a clip: what is drawn in which unit, and what is left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.study.curves import curve_panels, shown_phases, time_axis
from gdkvm_monai.study.frame_table import CHAMBER_COLUMNS, FrameTable
from gdkvm_monai.study.measurements import Quality, Reason
from tests.study.records import MEASUREMENTS


def table(count: int = 5, **known) -> FrameTable:
    """A clip of which nothing is known but ``known``; the ventricle has no pixel."""
    unknown = {
        "time_s": (None,) * count,
        "valid": (True,) * count,
        "confidence": (None,) * count,
        "area_px": {name: (0,) * count for name in STRUCTURES},
        "area_cm2": {name: (None,) * count for name in STRUCTURES},
        **dict.fromkeys((name.lower() for name in CHAMBER_COLUMNS), (None,) * count),
        "end_systole": (False,) * count,
    }
    areas = {name: {**unknown[name], **known.pop(name)} for name in ("area_px", "area_cm2") if name in known}
    return FrameTable(clip_id="clip", **{**unknown, **areas, **known})


def test_curves_are_in_ml_and_cm2_if_known():
    shares = {"lv_volume_relative": (1.0,) * 5, "area_px": {"LV": (700,) * 5}}
    whole = table(lv_volume_ml=(90.0,) * 5, area_cm2={"LV": (30.0,) * 5}, **shares)
    assert [(p.quantity, p.unit) for p in curve_panels(whole, STRUCTURES)] == [("volume", "mL"), ("area", "cm²")]
    shares = {"lv_volume_relative": (1.0,) * 5, "area_px": {"LV": (700,) * 5}}
    assert [panel.unit for panel in curve_panels(table(**shares), STRUCTURES)] == ["% of maximum", "pixels"]


def test_a_share_of_the_largest_volume_is_given_in_percent():
    (panel,) = curve_panels(table(3, lv_volume_relative=(1.0, None, 0.5)), STRUCTURES)
    assert panel.curves == {"LV": [100, None, 50]}


def test_there_is_no_panel_if_no_frame_shows_a_structure():
    assert curve_panels(table(), STRUCTURES) == []


@pytest.mark.parametrize("largest", [0.3, 7, 61.5, 140, 52000])
def test_the_axis_begins_at_zero_and_ends_above_the_largest_value(largest):
    (panel,) = curve_panels(table(2, lv_volume_ml=(largest, largest / 3)), STRUCTURES)
    assert panel.high > largest and panel.ticks[0] == 0
    assert all(0 <= tick <= panel.high for tick in panel.ticks) and 2 <= len(panel.ticks) <= 6


def test_volumes_and_lengths_of_both_chambers_share_a_panel_each():
    frames = table(
        2, lv_volume_ml=(90.0, 40.0), la_volume_ml=(30.0, None), lv_length_mm=(80.0, 70.0), la_length_mm=(40.0, None)
    )
    volume, length = curve_panels(frames, STRUCTURES)
    assert volume.curves == {"LV": (90.0, 40.0), "LA": (30.0, None)} and volume.unit == "mL"
    assert length.curves == {"LV": (80.0, 70.0), "LA": (40.0, None)} and (length.quantity, length.unit) == (
        "length",
        "mm",
    )
    assert [list(panel.curves) for panel in curve_panels(frames, ["LV"])] == [["LV"], ["LV"]]


@pytest.mark.parametrize("code", ["no_ventricle", "mode"])
def test_the_phases_of_a_clip_without_a_ventricle_are_not_shown(code):
    def judged(verdict):
        quality = Quality(verdict, (Reason(code, verdict, "a message."),))
        return shown_phases(replace(MEASUREMENTS, quality=quality))

    assert judged("reject") == {"ED": (), "ES": ()}
    assert judged("check") == {"ED": (3,), "ES": (18,)} == shown_phases(MEASUREMENTS)


def test_only_the_requested_structures_are_drawn():
    (panel,) = curve_panels(table(area_px={"LV": (9,) * 5, "LA": (4,) * 5}), ["LA"])
    assert list(panel.curves) == ["LA"]


def test_time_is_in_seconds_only_if_every_frame_has_one():
    assert time_axis(table(3, time_s=(0.5, 1.0, 2.0))) == ([0.5, 1.0, 2.0], "s")
    assert time_axis(table(3, time_s=(0.5, None, 2.0))) == ([0.0, 1.0, 2.0], "frame")
