"""The frame table is read from CSV as it was written."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from gdkvm_monai.study.frame_table import FrameTable

TABLE = FrameTable(
    clip_id="0000000000000012",
    time_s=(0.0, 0.04, 0.08),
    valid=(True, False, True),
    confidence=(0.95, None, 1 / 3),
    area_px={"LV": (120, 0, 80), "MYO": (9, 0, 9), "LA": (0, 0, 0)},
    area_cm2={"LV": (1.2, None, 0.8), "MYO": (0.1, None, 1e-05), "LA": (0.0, None, 0.0)},
    lv_length_mm=(80.25, None, 70.0),
    lv_volume_ml=(10.5, None, 7.25),
    lv_volume_relative=(1.0, None, 0.6905),
    la_length_mm=(None, None, 45.5),
    la_volume_ml=(None, None, 38.2),
    end_systole=(False, False, True),
)
UNKNOWN = (None, None, None)


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        replace(TABLE, time_s=UNKNOWN, confidence=UNKNOWN, lv_volume_ml=UNKNOWN, lv_volume_relative=UNKNOWN),
        replace(TABLE, area_cm2=dict.fromkeys(("LV", "MYO", "LA"), UNKNOWN), clip_id="12345678e1234567"),
        replace(TABLE, valid=(False, False, False)),
    ],
)
def test_reading_returns_what_was_written(table, tmp_path):
    table.write_csv(tmp_path / "frames.csv")
    assert FrameTable.read_csv(tmp_path / "frames.csv") == table


def test_the_file_holds_one_row_per_frame_with_named_units_and_empty_cells(tmp_path):
    TABLE.write_csv(tmp_path / "frames.csv")
    with open(tmp_path / "frames.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        *("Filename", "Frame", "Size", "time_s", "valid", "confidence", "LV_px", "MYO_px", "LA_px"),
        *("LV_cm2", "MYO_cm2", "LA_cm2", "LV_length_mm", "LV_volume_ml", "LV_volume_relative"),
        *("LA_length_mm", "LA_volume_ml", "ComputerSmall"),
    ]
    assert [row["Size"] for row in rows] == [row["LV_px"] for row in rows] == ["120", "0", "80"]
    assert [row["ComputerSmall"] for row in rows] == ["0", "0", "1"]
    assert rows[1]["confidence"] == rows[1]["LV_volume_ml"] == "" and rows[1]["valid"] == "False"


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="'time_s': 2"):
        replace(TABLE, time_s=(0.0, 0.04))


def test_areas_of_other_structures_are_refused():
    with pytest.raises(ValueError, match="areas of LV, expected"):
        replace(TABLE, area_px={"LV": (1, 2, 3)})


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [("valid", "good", KeyError), (",120,", ",many,", ValueError), ("0000000000000012,2", "x,2", ValueError)],
)
def test_a_file_with_other_content_is_refused(old, new, error, tmp_path):
    TABLE.write_csv(tmp_path / "frames.csv")
    text = (tmp_path / "frames.csv").read_text()
    assert old in text
    (tmp_path / "frames.csv").write_text(text.replace(old, new))
    with pytest.raises(error):
        FrameTable.read_csv(tmp_path / "frames.csv")
