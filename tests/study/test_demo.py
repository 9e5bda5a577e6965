"""The demo runs its stages in order and reports the mean Dice of the frames that count."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gdkvm_monai.data.phantom import PhantomSettings
from gdkvm_monai.evaluation.ejection_fraction import QUANTITIES
from gdkvm_monai.study import demo
from gdkvm_monai.study.demo import ef_agreement, mean_dice, run_demo


def test_the_mean_dice_covers_one_structure_and_skips_frames_empty_in_both_masks(tmp_path):
    rows = [("LV", 0.9, "ok"), ("LV", 0.0, "one_empty"), ("LV", "nan", "both_empty"), ("LA", 0.1, "ok")]
    with open(tmp_path / "per_frame.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("structure", "dice", "status"), *rows])
    assert mean_dice(tmp_path / "per_frame.csv", "LV") == pytest.approx(0.45)


COLUMNS = ["method", *(f"{side}_{name}" for side in ("predicted", "reference") for name in QUANTITIES)]


def write_ef_table(folder: Path, *rows: tuple[str, float, float]) -> None:
    """Write a table with the method and both ejection fractions of each row."""
    with open(folder / "ef_per_patient.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["patient", "clips", *COLUMNS])
        writer.writerows([n, n, method, found, 100, 50, true, 100, 50] for n, (method, found, true) in enumerate(rows))


def test_the_bias_is_that_of_biplane_ejection_fractions_if_there_are_any(tmp_path):
    single = [("single-plane-a4c-mod-v1", 10, 60), ("single-plane-a4c-mod-v1", 20, 60)]
    write_ef_table(tmp_path, *single, ("biplane-mod-v1", 50, 55), ("biplane-mod-v1", 60, 61))
    agreement, method = ef_agreement(tmp_path)
    assert (agreement.bias, agreement.n, method) == (-3, 2, "biplane-mod-v1")
    write_ef_table(tmp_path, *single)
    assert ef_agreement(tmp_path)[0].bias == -45 and ef_agreement(tmp_path)[1] == "single-plane-a4c-mod-v1"


def test_an_evaluation_without_ejection_fractions_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="ef_per_patient.csv"):
        ef_agreement(tmp_path)


def test_the_demo_trains_evaluates_and_infers_on_its_own_phantoms(tmp_path, monkeypatch):
    runs = []
    monkeypatch.setattr(demo, "write_camus_phantom", lambda folder, settings: runs.append((folder, settings)))
    monkeypatch.setattr(demo, "run_in_process", lambda run_id, configs, out, data, *rest: runs.append((run_id, data)))
    monkeypatch.setattr(demo, "_draw_clip", lambda data, out: out / "overlay.gif")
    monkeypatch.setattr(demo, "mean_dice", lambda path, structure: 0.5)
    monkeypatch.setattr(demo, "ef_agreement", lambda results: (results, "biplane"))
    result = run_demo(tmp_path / "demo", smallest=True)
    data = tmp_path / "demo" / "phantom_small"
    assert runs[0] == (data, PhantomSettings((6, 2, 2), demo.SIZE)), "what phantom.yaml would generate"
    assert runs[1:] == [("training", data), ("evaluating", data)]
    assert result.mean_dice == 0.5 and result.ef == tmp_path / "demo" / "eval" and result.ef_method == "biplane"
    assert result.files[0] == tmp_path / "demo" / "models" / "model.pt"
    assert {Path(file).name for file in result.files} >= {"metrics.json", "overlay.gif"}
