"""Curves of a clip: what is drawn in which unit, where, and what is left out."""

from __future__ import annotations

import re

import pytest

from gdkvm_monai.visualize.clip_curves import curve_panels, curve_svg, percent_positions, time_axis, time_ticks

STRUCTURES = ("LV", "MYO", "LA")
NAMES = [f"{name}_{unit}" for name in STRUCTURES for unit in ("px", "cm2")] + ["LV_volume_ml", "LV_volume_relative"]


def columns(count: int = 5, **known) -> dict[str, list]:
    nothing = {name: [None] * count for name in NAMES}
    return {**nothing, "Frame": list(range(count)), "time_s": [None] * count, "valid": [True] * count, **known}


def points(svg: str, name: str) -> list[tuple[float, float]]:
    path = re.search(rf'class="curve {name}" d="([^"]*)"', svg)[1]
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) (-?[\d.]+)", path)]


def test_milliliters_and_square_centimeters_are_preferred_to_shares_and_pixels():
    known = {"LV_volume_ml": [90.0] * 5, "LV_volume_relative": [1.0] * 5, "LV_cm2": [30.0] * 5, "LV_px": [700] * 5}
    assert [panel.unit for panel in curve_panels(columns(**known), STRUCTURES)] == ["mL", "cm²"]
    known["LV_volume_ml"] = known["LV_cm2"] = [None] * 5
    assert [panel.unit for panel in curve_panels(columns(**known), STRUCTURES)] == ["% of the largest", "pixels"]
    assert curve_panels(columns(LV_px=[0] * 5), STRUCTURES) == []


def test_values_stand_at_their_height_above_zero_and_at_their_time():
    known = columns(LV_volume_ml=[100.0, 50.0, 0.0, None, 25.0], time_s=[0.0, 0.1, 0.2, 0.3, 0.5])
    (panel,) = curve_panels(known, STRUCTURES)
    drawn = points(curve_svg(known, panel, {"ED": [0], "ES": [2]}, labeled=True), "LV")
    expected = [(0, 100), (200, 50), (400, 0), (1000, 25)]
    assert drawn == [(x, pytest.approx(1000 - 1000 * value / panel.high, abs=0.1)) for x, value in expected]
    assert panel.high >= 100 and all(0 <= tick <= panel.high for tick in panel.ticks)


def test_a_gap_parts_the_curve_and_a_single_value_is_a_dot():
    known = columns(LV_px=[10, None, 10, 10, None])
    (panel,) = curve_panels(known, STRUCTURES)
    svg = curve_svg(known, panel, {}, labeled=False)
    assert re.search(r'class="curve LV" d="([^"]*)"', svg)[1].count("M") == 2 and 'class="curve MYO" d=""' in svg


def test_phases_are_marked_and_named_where_there_is_room():
    known = columns(100, LV_px=[10] * 100)
    (panel,) = curve_panels(known, STRUCTURES)
    svg = curve_svg(known, panel, {"ED": [0, 99], "ES": [2, 50]}, labeled=True)
    assert svg.count('class="phase ED"') == 2 == svg.count('class="phase ES"')
    assert re.findall(r'x="([\d.]+)%" y="-6" text-anchor="middle">(\w+)<', svg) == [
        ("0.00", "ED"), ("50.51", "ES"), ("100.00", "ED"),
    ]  # fmt: skip
    assert "phase-name" not in curve_svg(known, panel, {"ED": [0]}, labeled=False)


def test_time_is_in_seconds_only_if_every_frame_has_one():
    assert time_axis(columns(3, time_s=[0.5, 1.0, 2.0])) == ([0.5, 1.0, 2.0], "s")
    assert time_axis(columns(3, time_s=[0.5, None, 2.0])) == ([0.0, 1.0, 2.0], "frame")
    assert percent_positions([0.5, 1.0, 2.5]) == [0, 25, 100] and percent_positions([3.0]) == [50]
    assert re.findall(r">([^<]+)</text>", time_ticks(columns(11))) == ["0", "2", "4", "6", "8", "10"]
    assert re.findall(r">([^<]+)</text>", time_ticks(columns(1))) == ["0"]


def test_the_picture_says_its_range_to_those_who_cannot_see_it():
    known = columns(LV_cm2=[30.0, 20.0, 10.0, 20.0, 30.0])
    (panel,) = curve_panels(known, STRUCTURES)
    assert 'role="img" aria-label="Area (cm²) over time: LV 10 to 30"' in curve_svg(known, panel, {}, labeled=False)


def test_many_phases_are_short_ticks_that_leave_the_curve_visible():
    known = columns(100, LV_px=[10] * 100)
    (panel,) = curve_panels(known, STRUCTURES)
    svg = curve_svg(known, panel, {"ED": range(0, 100, 2)}, labeled=True)
    assert svg.count('y1="0" y2="6"') == 50 and "phase-name" not in svg
