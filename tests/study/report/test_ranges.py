"""Each measured quantity with a reference range has a row."""

from __future__ import annotations

from dataclasses import replace

from gdkvm_monai.metrics.reference_ranges import reference_ranges
from gdkvm_monai.study.dimensions import Patient
from gdkvm_monai.study.report.ranges import range_rows
from tests.study.records import DIMENSIONS, MEASUREMENTS


def test_the_rows_have_the_measured_means_and_the_ranges_of_the_patients_sex():
    rows = {row.name: row for row in range_rows(MEASUREMENTS)}
    assert list(rows) == ["Ejection fraction", "EDV", "ESV", "LA volume index"]
    assert rows["EDV"].value == MEASUREMENTS.mean.edv_ml and rows["EDV"].ranges == reference_ranges("edv_ml", "F")
    assert rows["LA volume index"].value == DIMENSIONS.la_volume_index_ml_m2


def test_an_unknown_value_has_no_row_and_an_unknown_sex_gives_both_ranges():
    unknown = replace(DIMENSIONS, patient=Patient(None, None), la_volume_index_ml_m2=None)
    rows = range_rows(replace(MEASUREMENTS, dimensions=unknown, mean=replace(MEASUREMENTS.mean, esv_ml=None)))
    assert [row.name for row in rows] == ["Ejection fraction", "EDV"]
    assert [each.group for each in rows[0].ranges] == ["women", "men"]


def test_without_dimensions_there_are_still_the_volumes():
    rows = range_rows(replace(MEASUREMENTS, dimensions=None))
    assert [row.name for row in rows] == ["Ejection fraction", "EDV", "ESV"] and len(rows[0].ranges) == 2
