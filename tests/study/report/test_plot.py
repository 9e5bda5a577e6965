"""Plots of a clip as coordinates: values at their height and time, gaps, phases and invalid stretches."""

from __future__ import annotations

import re

import pytest

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.study.report.plot import lay_out_plots, percent_positions
from tests.study.test_curves import table

NO_PHASES = {"ED": [], "ES": []}


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) (-?[\d.]+)", path)]


def test_values_are_placed_by_height_above_zero_and_by_time():
    frames = table(lv_volume_ml=(100.0, 50.0, 0.0, None, 25.0), time_s=(0.0, 0.1, 0.2, 0.3, 0.5))
    (plot,) = lay_out_plots(frames, STRUCTURES, NO_PHASES).plots
    expected = [(0, 100), (200, 50), (400, 0), (1000, 25)]
    drawn = points(plot.paths["LV"])
    assert drawn == [(x, pytest.approx(1000 - 1000 * value / plot.high, abs=0.1)) for x, value in expected]
    assert plot.grid[0] == (100, 0) and all(y == pytest.approx(100 - 100 * v / plot.high) for y, v in plot.grid)


def test_a_gap_splits_the_curve_and_a_structure_without_values_has_no_line():
    frames = table(area_cm2={"LV": (10.0, None, 10.0, 10.0, None)})
    (plot,) = lay_out_plots(frames, STRUCTURES, NO_PHASES).plots
    assert plot.paths["LV"].count("M") == 2 and plot.paths["LV"].count("L") == 1 and plot.paths["MYO"] == ""


def test_the_range_is_available_to_screen_readers():
    frames = table(area_cm2={"LV": (30.0, 20.0, None, 20.0, 10.0)})
    (plot,) = lay_out_plots(frames, STRUCTURES, NO_PHASES).plots
    assert plot.ranges == "LV 10 to 30"


def test_phases_are_named_if_there_is_room():
    marks = lay_out_plots(table(100), STRUCTURES, {"ED": [0, 99], "ES": [2, 50]}).marks
    assert [(m.name, round(m.place, 2), m.named) for m in marks] == [
        ("ED", 0, True), ("ES", 2.02, False), ("ES", 50.51, True), ("ED", 100, True),
    ]  # fmt: skip


def test_many_phases_are_crowded_and_none_is_named():
    plots = lay_out_plots(table(100), STRUCTURES, {"ED": range(0, 100, 2), "ES": []})
    assert plots.crowded and len(plots.marks) == 50 and not any(mark.named for mark in plots.marks)
    assert not lay_out_plots(table(100), STRUCTURES, {"ED": range(40), "ES": []}).crowded


@pytest.mark.parametrize(
    ("invalid", "stretches"),
    [([], []), ([0], [(0, 5)]), ([4, 5], [(35, 20)]), ([2, 9, 10], [(15, 10), (85, 15)]), (range(11), [(0, 100)])],
)
def test_invalid_frames_are_merged_into_ranges_that_reach_halfway_to_their_neighbors(invalid, stretches):
    plots = lay_out_plots(table(11, valid=tuple(t not in invalid for t in range(11))), STRUCTURES, NO_PHASES)
    assert plots.invalid == [pytest.approx(stretch) for stretch in stretches] and plots.invalid_frames == len(invalid)


def test_time_ticks_are_at_their_positions_within_the_clip():
    assert lay_out_plots(table(11), STRUCTURES, NO_PHASES).ticks == [(10 * t, t) for t in range(0, 11, 2)]
    seconds = lay_out_plots(table(3, time_s=(0.5, 1.0, 2.5)), STRUCTURES, NO_PHASES).ticks
    assert all(place == pytest.approx(100 * (time - 0.5) / 2) and 0.5 <= time <= 2.5 for place, time in seconds)
    assert len(seconds) > 2


def test_a_single_frame_is_placed_in_the_middle():
    assert percent_positions([3.0]) == [50] and percent_positions([0.5, 1.0, 2.5]) == [0, 25, 100]
    assert lay_out_plots(table(1), STRUCTURES, NO_PHASES).ticks == [(50, 0)]
