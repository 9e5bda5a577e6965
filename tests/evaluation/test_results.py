"""The results folder that an evaluation writes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from gdkvm_monai.evaluation import ClipResult, write_evaluation
from tests.evaluation.clips import SPACING, scored_clip


def read(path) -> list[dict]:
    with open(path) as file:
        return list(csv.DictReader(file))


def test_a_perfect_prediction_scores_one_and_its_ejection_fraction_equals_the_reference(tmp_path):
    table = write_evaluation(
        [scored_clip("a"), scored_clip("b"), scored_clip("c", dataset_ef_percent=30.0, image_quality="Poor")],
        tmp_path,
        {"checkpoint": "x.pt"},
    )
    assert "1.0000 [1.0000, 1.0000]" in table
    rows = read(tmp_path / "per_frame.csv")
    assert len(rows) == 12 and {float(row["dice"]) for row in rows} == {1.0}
    for row in read(tmp_path / "ef_per_patient.csv"):
        assert row["method"] == "single-plane-a4c-mod-v1"
        assert row["predicted_ef_percent"] == row["reference_ef_percent"] != ""
        assert row["predicted_ed_4CH_axis"] == row["reference_ed_4CH_axis"] == "atrium"
        assert int(row["predicted_es_4CH_parts"]) == 1 and float(row["predicted_ed_4CH_border_fraction"]) >= 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["protocol"]["checkpoint"] == "x.pt"
    classes = {group["ef_class"]: group["n_patients"] for group in metrics["scores"]["structure x ef_class"]}
    assert classes == {"40-55 %": 2, "< 40 %": 1}
    assert metrics["agreement"]["single-plane-a4c-mod-v1: ef_percent against reference masks"]["bias"] == 0
    assert {path.suffix for path in tmp_path.glob("ef_single-plane*")} == {".png", ".svg"}


def test_two_views_of_a_patient_also_give_a_biplane_row(tmp_path):
    write_evaluation([scored_clip("a"), scored_clip("a", "2CH"), scored_clip("b")], tmp_path, {})
    methods = [(row["patient"], row["method"]) for row in read(tmp_path / "ef_per_patient.csv")]
    assert methods == [
        ("a", "single-plane-a4c-mod-v1"),
        ("a", "single-plane-a2c-mod-v1"),
        ("a", "biplane-mod-v1"),
        ("b", "single-plane-a4c-mod-v1"),
    ]


def test_a_missing_ventricle_gives_a_reason_and_counts_as_excluded(tmp_path):
    empty = scored_clip("b")
    empty.prediction_ends[:] = 0
    write_evaluation([scored_clip("a"), empty, scored_clip("c"), scored_clip("d")], tmp_path, {})
    row = read(tmp_path / "ef_per_patient.csv")[1]
    assert row["predicted_ef_percent"] == "nan" and "missing" in row["predicted_reason"]
    agreement = json.loads((tmp_path / "metrics.json").read_text())["agreement"]
    assert agreement["single-plane-a4c-mod-v1: ef_percent against reference masks"]["n_excluded"] == 1


def test_evaluating_no_annotated_frame_is_an_error_rather_than_zero(tmp_path):
    nothing = ClipResult("a", "4CH", "Good", 50.0, SPACING, [], True, *[np.zeros((4, 4, 2), np.uint8)] * 2, 2)
    with pytest.raises(ValueError, match="no annotated frame was evaluated"):
        write_evaluation([nothing], tmp_path, {})
    assert not list(tmp_path.iterdir())
