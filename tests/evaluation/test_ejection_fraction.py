"""Ejection fractions in prediction and reference, and their agreement."""

from __future__ import annotations

import numpy as np
import pytest

from gdkvm_monai.evaluation.ejection_fraction import ef_table, measure_agreements, plot_agreements
from gdkvm_monai.labels import UNLABELED
from tests.evaluation.clips import scored_clip


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
    assert list(row)[:6] == [
        "patient",
        "views",
        "method",
        "predicted_edv_ml",
        "predicted_esv_ml",
        "predicted_ef_percent",
    ]


def test_lengths_are_in_pixels_if_the_spacing_is_unknown():
    (row,) = (entry.columns() for entry in ef_table([scored_clip("a", spacing_mm=None)]))
    assert "predicted_ed_4CH_length_px" in row and np.isnan(row["predicted_edv_ml"]) and row["predicted_ef_percent"] > 0


def test_agreement_is_measured_with_the_reference_and_the_data_set():
    clips = [scored_clip(name, shorter=shorter) for name, shorter in (("a", 0), ("b", 4), ("c", 8))]
    agreement = measure_agreements(ef_table([*clips, scored_clip("d", empty=True, dataset_ef_percent=np.nan)]))
    reference = agreement["single-plane-a4c-mod-v1: ef_percent against reference masks"]
    assert (reference.n, reference.n_excluded) == (3, 1) and reference.bias < 0
    stated = agreement["single-plane-a4c-mod-v1: ef_percent against the data set's"]
    predicted = [row.predicted.ef_percent for row in ef_table(clips)]
    assert stated.bias == pytest.approx(np.mean(predicted) - 50)


def test_one_pair_gives_no_agreement_and_no_plot(tmp_path):
    table = ef_table([scored_clip("a")])
    plot_agreements(table, tmp_path)
    assert measure_agreements(table) == {} and not list(tmp_path.iterdir())
    plot_agreements(ef_table([scored_clip("a"), scored_clip("b", shorter=5)]), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"ef_single-plane-a4c-mod-v1.{end}" for end in ("png", "svg")}
