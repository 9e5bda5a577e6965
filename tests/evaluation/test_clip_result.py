"""Rows of the score table."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.clip_result import frame_table
from tests.evaluation.clips import SPACING, recorded, scored_clip


def test_the_table_has_one_row_per_frame_and_structure_with_its_clip_metadata():
    table = frame_table([scored_clip("0001"), scored_clip("0002", "2CH", recorded=recorded("2CH", "Poor"))])
    assert table["patient"].tolist() == ["0001"] * 4 + ["0002"] * 4
    assert table["phase"].tolist() == ["ED", "ED", "ES", "ES"] * 2
    assert table["structure"].tolist() == ["LV", "LA"] * 4
    assert (table[["spacing_axis0", "spacing_axis1"]] == list(SPACING)).all(axis=None)
    assert set(table["image_quality"][4:]) == {"Poor"} and set(table["unit"]) == {"mm"}


def test_a_clip_in_pixels_has_a_spacing_of_one():
    table = frame_table([scored_clip("a", spacing_mm=None)])
    assert (table[["spacing_axis0", "spacing_axis1"]] == 1).all(axis=None) and set(table["unit"]) == {"px"}


def test_inner_frames_and_ends_of_unknown_phase_are_distinguished():
    long, unknown = scored_clip("a", num_frames=9), scored_clip("a", ends_are_phases=False)
    assert [long.phase(frame) for frame in (0, 1, 8)] == ["ED", "between", "ES"]
    assert [unknown.phase(frame) for frame in (0, 1)] == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("ef_percent", "name"), [(39.9, "< 40 %"), (40, "40-55 %"), (55, "40-55 %"), (55.1, "> 55 %"), (np.nan, "unknown")]
)
def test_the_class_follows_the_ejection_fraction(ef_percent, name):
    assert scored_clip("a", recorded=recorded(ef_percent=ef_percent)).ef_class == name


def test_what_was_recorded_for_another_view_names_that_view():
    clip = scored_clip("a", "4CH", recorded=recorded("2CH", "Poor", 54.0))
    assert (clip.image_quality, clip.ef_class) == ("Poor (2CH)", "40-55 % (2CH)")
    row = frame_table([clip]).iloc[0]
    assert (row["image_quality"], row["ef_class"]) == ("Poor (2CH)", "40-55 % (2CH)")


@pytest.mark.parametrize("spacing", [SPACING, None])
def test_the_diagonal_is_the_distance_of_a_missed_structure(spacing):
    table = frame_table([scored_clip("a", empty=True, spacing_mm=spacing)])
    assert (table["hd95"] == table["diagonal"]).all() and table["diagonal"][0] > 60
