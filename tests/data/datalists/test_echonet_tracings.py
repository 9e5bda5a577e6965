"""The mask and the area of a tracing."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.data.datalists.echonet_tracings import Tracing, draw_tracing, read_tracings

RECTANGLE = np.array([[20, 10, 20, 40], [12, 10, 30, 10], [12, 25, 30, 25], [12, 40, 30, 40]], float)


def test_a_rectangle_has_its_area_and_fills_its_pixels():
    assert Tracing(0, RECTANGLE).area == 18 * 30
    mask = draw_tracing(RECTANGLE, (112, 112))
    columns, rows = np.nonzero(mask)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (12, 30, 10, 40)  # lateral first
    assert mask.sum() == 19 * 31


def test_the_long_axis_is_not_part_of_the_outline():
    moved = RECTANGLE.copy()
    moved[0] = [0, 0, 111, 111]
    assert np.array_equal(draw_tracing(moved, (112, 112)), draw_tracing(RECTANGLE, (112, 112)))


def test_the_area_does_not_change_when_the_ends_or_the_chords_are_reversed():
    ends, chords = RECTANGLE[:, [2, 3, 0, 1]], np.concatenate([RECTANGLE[:1], RECTANGLE[:0:-1]])
    assert Tracing(0, ends).area == Tracing(0, chords).area == Tracing(0, RECTANGLE).area


def test_corners_beyond_the_frame_are_cut_off():
    assert draw_tracing(RECTANGLE, (20, 112)).sum() == 8 * 31


def test_a_single_chord_has_no_area():
    assert Tracing(0, RECTANGLE[:2]).area == 0


def test_a_value_that_is_no_number_is_named(tmp_path):
    path = tmp_path / "VolumeTracings.csv"
    path.write_text("FileName,X1,Y1,X2,Y2,Frame\n0XA.avi,1,2,3,,5\n")
    with pytest.raises(ValueError, match="line 2: Y2 is ''"):
        read_tracings(path)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "VolumeTracings.csv"
    path.write_text("FileName,X1,Y1,X2,Y2\n0XA.avi,1,2,3,4\n")
    with pytest.raises(ValueError, match="no column Frame"):
        read_tracings(path)
