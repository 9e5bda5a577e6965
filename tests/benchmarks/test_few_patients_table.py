"""The table of few patients: means over seeds, paired differences from the first row, and divergence."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.few_patients_table import COLUMNS, Result, difference, left_ventricles, table

DIVERGED = "training failed after iteration 3: the loss is nan in iteration 4, which"
PATIENTS = [f"patient{number:02d}" for number in range(25)]


def write_run(folder: Path, dice: float, elsewhere: float | None = None) -> Path:
    """Write the scores of one run: the LV Dice of patient i is ``dice + i / 1000``."""
    structures = sorted({structure for structure, _ in COLUMNS.values()})
    for place, value in (("eval", dice), ("elsewhere", elsewhere)):
        if value is None:
            continue
        (folder / place).mkdir(parents=True)
        groups = [{"structure": s, "scores": {"dice": {"mean": value}, "hd95": {"mean": 3.0}}} for s in structures]
        (folder / place / "metrics.json").write_text(json.dumps({"scores": {"structure": groups}}))
    rows = [
        {"patient": patient, "view": "4CH", "clip": "a", "frame": frame, "structure": structure}
        | {"status": "ok", "unit": "mm", "dice": dice + i / 1000, "spacing_axis0": 1.0, "spacing_axis1": 1.0}
        for i, patient in enumerate(PATIENTS)
        for frame in (0, 1)
        for structure in structures
    ]
    pd.DataFrame(rows).to_csv(folder / "eval" / "per_frame.csv", index=False)
    return folder


def test_scores_are_means_and_sds_over_seeds_with_the_paired_difference_from_the_first_row(tmp_path):
    released = Result("as released", 0, [write_run(tmp_path / "r", 0.5)])
    tuned = Result(
        "fine-tuned", 5, [write_run(tmp_path / f"t{seed}", dice, 0.4) for seed, dice in enumerate((0.6, 0.8))]
    )
    _, _, first, second = table([released, tuned]).split("\n")
    assert first == "| as released | 0 | - | 0.5000 | 3.00 | 0.5000 | 0.5000 |  |  |"
    assert second.startswith("| fine-tuned | 5 | 2 | 0.7000 ± 0.1414 | 3.00 ± 0.00 | 0.7000 ± 0.1414 |")
    assert "| +0.2000 [+0.2000, +0.2000] | 0.4000 ± 0.0000 |" in second


def test_the_difference_of_a_run_from_itself_is_zero(tmp_path):
    folders = [write_run(tmp_path / "run", 0.5)]
    assert difference(folders, left_ventricles(folders)) == "+0.0000 [+0.0000, +0.0000]"


def test_frames_are_averaged_over_seeds(tmp_path):
    found = left_ventricles([write_run(tmp_path / "a", 0.6), write_run(tmp_path / "b", 0.8)])
    assert len(found) == 2 * len(PATIENTS)
    assert found["dice"].tolist() == pytest.approx([0.7 + i / 1000 for i in range(len(PATIENTS)) for _ in range(2)])


def test_a_training_that_diverged_is_counted(tmp_path):
    released = Result("as released", 0, [write_run(tmp_path / "r", 0.5)])
    lost = tmp_path / "lost"
    (lost / "training").mkdir(parents=True)
    (lost / "training" / "log.txt").write_text(DIVERGED)
    runs = [write_run(tmp_path / "kept", 0.6), lost]
    lines = table([released, Result("some", 5, runs), Result("all", 5, [lost])]).split("\n")
    assert lines[3].startswith("| some | 5 | 2, 1 diverged | 0.6000 |")
    assert lines[4].startswith("| all | 5 | 1, 1 diverged | diverged |")
