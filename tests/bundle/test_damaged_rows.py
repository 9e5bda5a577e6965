"""The table of damaged frames: means over damages and phantoms, SD over seeds, and dashes where there is nothing."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmarks import damaged_rows
from benchmarks.damaged_cases import FRAMES, LENGTHS, phantoms
from benchmarks.damaged_rows import KINDS, SERIES, summary, table


def rows(lv_by_length: dict[int, float], memory: bool = True):
    """Return what ``measure`` yields for one phantom."""
    cells = [("none", 0), *((kind, length) for kind in KINDS for length in LENGTHS)]
    for kind, length in cells:
        scores = {"lv_damaged": lv_by_length[length], "lv_after": 0.5 if length else np.nan}
        course = {name: [float(frame) for frame in range(FRAMES)] for name in SERIES} if memory else {}
        yield {
            "patient": "phantom0000",
            "kind": kind,
            "length": length,
            "scores": {**scores, "ef_error": float(length), "roughness": 0.1},
            "memory": course,
        }


def test_a_summary_has_the_means_of_each_length_and_the_state_before_and_after_blank_frames():
    found = summary(rows({0: 0.9} | {length: 1 / (1 + length) for length in LENGTHS}))
    assert found["clean"] == 0.9
    assert [found[f"{length} damaged"] for length in LENGTHS] == [1 / (1 + length) for length in LENGTHS]
    assert found["EF error"] == pytest.approx(np.mean(LENGTHS))  # undamaged clips do not count
    assert found["effective rank"] == FRAMES - 1 and found["effective rank, blank"] == 24  # frames 5 to 24 are blank


def test_a_network_without_a_memory_and_a_row_without_trainings_have_dashes():
    flat = dict.fromkeys((0, *LENGTHS), 0.9)
    found = {"with": [summary(rows(flat))] * 2, "without": [summary(rows(flat, memory=False))], "diverged": []}
    head, _, with_memory, without, diverged = table(found).split("\n")
    assert head.count("|") == with_memory.count("|") == without.count("|") == diverged.count("|")
    assert "24.0 ± 0.0" in with_memory and "24.0" not in without
    assert without.endswith("| - | - | - | - |")
    assert set(diverged.split(" | ")[1:]) <= {"-", "- |"}


def test_scores_of_a_training_are_kept_with_it_and_not_computed_again(weights, tmp_path, monkeypatch):
    folder = tmp_path / "run 0"
    (folder / "models").mkdir(parents=True)
    for suffix in (".pt", ".json"):
        shutil.copy(weights["GDKVM"].with_suffix(suffix), folder / "models" / f"model_final{suffix}")
    monkeypatch.setattr(damaged_rows, "KINDS", ("blank",))
    monkeypatch.setattr(damaged_rows, "LENGTHS", (1,))
    cases = list(phantoms(1, (32, 32), 0))
    first = list(damaged_rows.scores(folder, cases))
    assert [row["kind"] for row in first] == ["none", "blank"] and (folder / "damaged.json").is_file()
    monkeypatch.setattr(damaged_rows, "by_network", lambda *_: lambda *_: pytest.fail("computed again"))
    assert len(list(damaged_rows.scores(folder, cases))) == 2
