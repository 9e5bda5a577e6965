"""The demo runs its stages in order and reports the mean Dice of the frames that count."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gdkvm_monai.data.phantom import EchoPhantom, render_phantom_clip, write_clip
from gdkvm_monai.study import demo
from gdkvm_monai.study.demo import mean_dice, run_demo
from tests.study.tiny_command import write_tiny_weights


def test_the_mean_dice_covers_one_structure_and_skips_frames_empty_in_both_masks(tmp_path):
    rows = [("LV", 0.9, "ok"), ("LV", 0.0, "one_empty"), ("LV", "nan", "both_empty"), ("LA", 0.1, "ok")]
    with open(tmp_path / "per_frame.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("structure", "dice", "status"), *rows])
    assert mean_dice(tmp_path / "per_frame.csv", "LV") == pytest.approx(0.45)


def test_the_demo_trains_evaluates_segments_and_infers_on_its_own_phantoms(tmp_path, monkeypatch):
    runs = []

    def segment_clip(out: Path, clip: object, folder: str, weights: Path) -> Path:
        runs.append((folder, weights))
        return out / folder / "report.html"

    monkeypatch.setattr(demo, "phantom_datalist", lambda folder, section, **options: runs.append(options) or [])
    monkeypatch.setattr(demo, "run_in_process", lambda run_id, configs, out, data, *rest: runs.append((run_id, data)))
    monkeypatch.setattr(demo, "render_phantom_clip", lambda *_, **options: None)
    monkeypatch.setattr(demo, "write_clip", lambda *_, **options: None)
    monkeypatch.setattr(demo, "released_weights", lambda: Path("released.pt"))
    monkeypatch.setattr(demo, "_segment_clip", segment_clip)
    monkeypatch.setattr(demo, "_draw_clip", lambda data, out: out / "overlay.gif")
    monkeypatch.setattr(demo, "mean_dice", lambda path, structure: 0.5)
    result = run_demo(tmp_path / "demo", smallest=True)
    data, own = tmp_path / "demo" / "phantom_small", tmp_path / "demo" / "models" / "model.pt"
    assert runs[0] == ("released", Path("released.pt")), "before anything is trained"
    assert runs[1]["num_patients"] == (6, 2, 2)
    assert runs[2:] == [("training", data), ("evaluating", data), ("clips", own)]
    assert result.mean_dice == 0.5 and result.files[0] == tmp_path / "demo" / "models" / "model.pt"
    assert {Path(file).name for file in result.files} >= {"metrics.json", "overlay.gif", "report.html"}


def test_the_ejection_fraction_that_was_found_is_printed_beside_the_true_one(tmp_path, capsys):
    clip = render_phantom_clip(EchoPhantom(3), beats=1.2, frame_rate_hz=25, size=(48, 48))
    write_clip(tmp_path / "clip.dcm", clip, "dicom")
    report = demo._segment_clip(tmp_path, clip, "clips", write_tiny_weights(tmp_path))
    line = capsys.readouterr().out.splitlines()[-1]
    assert f"{clip.truth().ef_percent:.0f} % true -> {report}" in line and " found" in line and report.is_file()
