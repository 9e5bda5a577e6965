"""The demo runs its stages in order and reports the mean Dice of the frames that count."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gdkvm_monai.study import demo
from gdkvm_monai.study.demo import mean_dice, run_demo


def test_the_mean_dice_covers_one_structure_and_skips_frames_empty_in_both_masks(tmp_path):
    rows = [("LV", 0.9, "ok"), ("LV", 0.0, "one_empty"), ("LV", "nan", "both_empty"), ("LA", 0.1, "ok")]
    with open(tmp_path / "per_frame.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("structure", "dice", "status"), *rows])
    assert mean_dice(tmp_path / "per_frame.csv", "LV") == pytest.approx(0.45)


def test_the_demo_trains_evaluates_segments_and_infers_on_its_own_phantoms(tmp_path, monkeypatch):
    runs = []
    monkeypatch.setattr(demo, "phantom_datalist", lambda folder, section, **options: runs.append(options) or [])
    monkeypatch.setattr(demo, "run_in_process", lambda run_id, configs, out, data, *rest: runs.append((run_id, data)))
    monkeypatch.setattr(demo, "_segment_clip", lambda out: out / "report.html")
    monkeypatch.setattr(demo, "_draw_clip", lambda data, out: out / "overlay.gif")
    monkeypatch.setattr(demo, "mean_dice", lambda path, structure: 0.5)
    result = run_demo(tmp_path / "demo", smallest=True)
    assert runs[0]["num_patients"] == (6, 2, 2)
    data = tmp_path / "demo" / "phantom_small"
    assert runs[1:] == [("training", data), ("evaluating", data)]
    assert result.mean_dice == 0.5 and result.files[0] == tmp_path / "demo" / "models" / "model.pt"
    assert {Path(file).name for file in result.files} >= {"metrics.json", "overlay.gif", "report.html"}
