"""Ejection fractions in prediction and reference, and their agreement."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.evaluation.ejection_fraction import ef_table
from gdkvm_monai.labels import UNLABELED
from tests.evaluation.clips import recorded, scored_clip


def test_each_view_is_measured_separately_and_both_together():
    table = ef_table([scored_clip("a"), scored_clip("a", "2CH"), scored_clip("b")])
    assert [(row.patient, row.views, row.method) for row in table] == [
        ("a", "4CH", "single-plane-a4c-mod-v1"),
        ("a", "2CH", "single-plane-a2c-mod-v1"),
        ("a", "4CH+2CH", "biplane-mod-v1"),
        ("b", "4CH", "single-plane-a4c-mod-v1"),
    ]
    assert all(row.predicted.ef_percent == row.reference.ef_percent for row in table)


def test_a_shorter_ventricle_at_end_diastole_lowers_the_ejection_fraction():
    (row,) = ef_table([scored_clip("a", shorter=10)])
    assert row.predicted.edv_ml < row.reference.edv_ml and row.predicted.esv_ml == row.reference.esv_ml
    assert row.predicted.ef_percent < row.reference.ef_percent - 3


def test_clips_with_unknown_phases_or_view_or_an_unlabeled_end_are_omitted():
    unlabeled = scored_clip("c")
    unlabeled.label_ends[..., 1] = UNLABELED
    others = (scored_clip("a", ends_are_phases=False), scored_clip("b", "unknown"), unlabeled)
    assert ef_table(others) == []


def test_the_last_columns_give_the_quality_of_each_frame():
    *_, row = (entry.columns() for entry in ef_table([scored_clip("0001"), scored_clip("0001", "2CH")]))
    assert row["patient"] == "0001" and row["predicted_ed_4CH_axis"] == "atrium"
    assert row["reference_es_length_mismatch"] == 0 and row["predicted_es_2CH_parts"] == 1
    assert list(row)[:6] == ["patient", "views", "method", "clips", "counted", "image_quality"]


def test_lengths_are_in_pixels_if_the_spacing_is_unknown():
    row, by_area = (entry.columns() for entry in ef_table([scored_clip("a", spacing_mm=None)]))
    assert by_area["method"] == "area-length-v1" and by_area["counted"]
    assert "predicted_ed_4CH_length_px" in row and np.isnan(row["predicted_edv_ml"]) and row["predicted_ef_percent"] > 0


def test_of_several_clips_all_are_listed_and_the_longest_reference_enters_biplane():
    short, long = scored_clip("a", clip="x"), scored_clip("a", clip="y", shorter=20)
    short.label_ends[:, :40] = 0  # the reference, not the prediction, is foreshortened
    table = ef_table([short, long, scored_clip("a", "2CH", clip="z")])
    rows = [(row.method, row.clips, row.counted) for row in table]
    assert rows == [
        ("single-plane-a4c-mod-v1", "x", False),
        ("single-plane-a4c-mod-v1", "y", True),
        ("single-plane-a2c-mod-v1", "z", True),
        ("biplane-mod-v1", "y+z", True),
    ]
    assert table[3].predicted.ventricles["ed", "4CH"].length == table[1].predicted.ventricles["ed", "4CH"].length


def test_without_a_measured_reference_the_first_clip_is_taken():
    clips = [scored_clip("a", clip=name) for name in "xy"]
    for clip in clips:
        clip.label_ends[:] = 0
    assert [row.counted for row in ef_table(clips)] == [True, False]


def test_the_recorded_ejection_fraction_names_its_view():
    other = recorded("2CH", "Poor", 54.0)
    single, _, both = ef_table([scored_clip("a", recorded=other), scored_clip("a", "2CH", recorded=other)])
    columns = single.columns()
    assert (columns["recorded_ef_percent"], columns["recorded_view"]) == (54.0, "2CH")
    assert columns["image_quality"] == "Poor (2CH)" and both.image_quality == "Poor (2CH)+Poor"
    assert (both.recorded_ef_percent, both.recorded_view) == (54.0, "2CH")


def test_views_with_different_recorded_ejection_fractions_have_none_together():
    clips = [scored_clip("a", recorded=recorded("4CH", ef_percent=60.0)), scored_clip("a", "2CH")]
    *_, both = ef_table(clips)
    assert np.isnan(both.recorded_ef_percent) and both.recorded_view == "4CH 60 %, 2CH 50 % differ"
