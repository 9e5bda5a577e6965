"""The results folder that an evaluation writes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from gdkvm_monai.evaluation import ClipResult, write_evaluation
from tests.evaluation.clips import SPACING, recorded, scored_clip


def read(path) -> list[dict]:
    with open(path) as file:
        return list(csv.DictReader(file))


def test_a_perfect_prediction_scores_one_and_its_ejection_fraction_equals_the_reference(tmp_path):
    table = write_evaluation(
        [
            scored_clip("a"),
            scored_clip("b"),
            scored_clip("c", recorded=recorded("4CH", "Poor", 30.0)),
            scored_clip("d"),
        ],
        tmp_path,
        {"checkpoint": "x.pt"},
    )
    assert "1.0000 [1.0000, 1.0000]" in table
    rows = read(tmp_path / "per_frame.csv")
    assert len(rows) == 16 and {float(row["dice"]) for row in rows} == {1.0}
    for row in read(tmp_path / "ef_per_patient.csv"):
        assert row["method"] == "single-plane-a4c-mod-v1"
        assert row["predicted_ef_percent"] == row["reference_ef_percent"] != ""
        assert row["predicted_ed_4CH_axis"] == row["reference_ed_4CH_axis"] == "atrium"
        assert int(row["predicted_es_4CH_parts"]) == 1 and float(row["predicted_ed_4CH_border_fraction"]) >= 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["protocol"]["checkpoint"] == "x.pt"
    classes = {group["ef_class"]: group["n_patients"] for group in metrics["scores"]["structure x ef_class"]}
    assert classes == {"40-55 %": 3, "< 40 %": 1}
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
    nothing = ClipResult("a", "4CH", "", recorded(), SPACING, [], True, *[np.zeros((4, 4, 2), np.uint8)] * 2, 2)
    with pytest.raises(ValueError, match="no annotated frame was evaluated"):
        write_evaluation([nothing], tmp_path, {})
    assert not list(tmp_path.iterdir())


def test_all_clips_of_a_view_are_counted_and_listed(tmp_path):
    write_evaluation([scored_clip("a", clip=name, shift=shift) for shift, name in enumerate("xyz")], tmp_path, {})
    assert [row["clip"] for row in read(tmp_path / "per_frame.csv")[::4]] == ["x", "y", "z"]
    assert [row["clips"] for row in read(tmp_path / "ef_per_patient.csv")] == ["x", "y", "z"]
    counts = json.loads((tmp_path / "metrics.json").read_text())["counts"]
    assert counts == {"clips": 3, "patients": 1, "items": 12}


def test_two_clips_with_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="2 clips are patient a, view 4CH, '4CH.dcm'"):
        write_evaluation([scored_clip("a"), scored_clip("a", shift=1)], tmp_path, {})
    assert not list(tmp_path.iterdir())


def test_agreement_is_also_stated_by_image_quality(tmp_path):
    qualities = {"a": "Good", "b": "Good", "c": "Poor", "d": "Poor"}
    clips = [scored_clip(name, shorter=n, recorded=recorded("4CH", q)) for n, (name, q) in enumerate(qualities.items())]
    text = write_evaluation(clips, tmp_path, {})
    by_quality = json.loads((tmp_path / "metrics.json").read_text())["agreement x image_quality"]
    assert {quality: next(iter(rows.values()))["n"] for quality, rows in by_quality.items()} == {"Good": 2, "Poor": 2}
    assert "image quality Poor: single-plane-a4c-mod-v1: ef_percent against reference masks: n 2" in text
