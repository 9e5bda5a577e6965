"""Errors of the ejection fraction in two results folders."""

from __future__ import annotations

import pytest

from gdkvm_monai.evaluation.ef_comparison import compare_ejection_fractions
from gdkvm_monai.evaluation.ejection_fraction import ef_table
from gdkvm_monai.evaluation.results import write_evaluation
from tests.evaluation.clips import scored_clip


def errors(clips) -> dict[str, float]:
    return {row.patient: abs(row.predicted.ef_percent - row.reference.ef_percent) for row in ef_table(clips)}


def test_absolute_errors_are_compared_patient_by_patient(tmp_path):
    clips_a = [scored_clip("0001", shorter=4), scored_clip("0002", shorter=4), scored_clip("0003", empty=True)]
    clips_b = [scored_clip("0001"), scored_clip("0002", shorter=9), scored_clip("0003"), scored_clip("0004")]
    write_evaluation(clips_a, tmp_path / "a", {})
    write_evaluation(clips_b, tmp_path / "b", {})
    result = {row.quantity: row for row in compare_ejection_fractions(tmp_path / "a", tmp_path / "b", 200, 0)}
    ef, a, b = result["ef_percent"], errors(clips_a), errors(clips_b)
    assert (ef.method, ef.n_pairs, ef.missing_a, ef.missing_b) == ("single-plane-a4c-mod-v1", 2, 1, 0)
    assert (ef.n_only_rows, ef.n_only_baseline, ef.n_other_reference) == (1, 0, 0)
    for patient in ("0001", "0002"):
        assert ef.patients[patient] == pytest.approx(b[patient] - a[patient])
    assert ef.mae_a == pytest.approx((a["0001"] + a["0002"]) / 2) and ef.mean == pytest.approx(ef.mae_b - ef.mae_a)
    assert set(result) == {"ef_percent", "edv_ml", "esv_ml"}


def test_a_reference_that_differs_between_the_folders_is_counted(tmp_path):
    other = scored_clip("0001")
    other.label_ends[..., 0] = other.label_ends[..., 1]
    write_evaluation([scored_clip("0001"), scored_clip("0002")], tmp_path / "a", {})
    write_evaluation([other, scored_clip("0002")], tmp_path / "b", {})
    counts = {r.quantity: r.n_other_reference for r in compare_ejection_fractions(tmp_path / "a", tmp_path / "b", 9, 0)}
    assert counts == {"ef_percent": 1, "edv_ml": 1, "esv_ml": 0}


def test_a_folder_without_ejection_fractions_gives_no_comparison(tmp_path):
    write_evaluation([scored_clip("a", "unknown")], tmp_path / "a", {})
    write_evaluation([scored_clip("a")], tmp_path / "b", {})
    assert compare_ejection_fractions(tmp_path / "a", tmp_path / "b", 9, 0) == []
