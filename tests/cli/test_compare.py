"""``gdkvm compare``: comparison of two results folders."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from gdkvm_monai.cli.main import main
from gdkvm_monai.evaluation import ClipResult, write_evaluation
from gdkvm_monai.evaluation.recorded import Recorded
from gdkvm_monai.metrics import score_clip

SPACING = (0.5, 0.4)
PATIENTS = ("p1", "p2", "p3", "p4")


def heart(length: int, width: int) -> np.ndarray:
    """Return half an ellipse with an atrium below it, (64, 96)."""
    x, y = np.mgrid[:64, :96]
    mask = np.zeros((64, 96), np.uint8)
    mask[(((x - 32) / width) ** 2 + ((y - 60) / length) ** 2 < 1) & (y <= 60)] = 1
    mask[(((x - 32) / 12) ** 2 + ((y - 61) / 20) ** 2 < 1) & (y > 60)] = 3
    return mask


def clip(patient: str, shift: int = 0, shrink: int = 0, spacing=SPACING, empty: bool = False) -> ClipResult:
    label = np.stack([heart(45, 18), heart(34, 14)], axis=-1)
    prediction = np.stack([heart(45 - shrink, 18), heart(34, 14)], axis=-1)
    prediction = np.zeros_like(label) if empty else np.roll(prediction, shift, axis=0)
    rows = score_clip(prediction, label, spacing, {"LV": (1,), "LA": (3,)})
    return ClipResult(patient, "4CH", "clip.dcm", Recorded(), spacing, rows, True, prediction, label, 2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Write A, all shifted by 2, and B: p1 perfect, p2 unchanged, p3 worse, p4 missed, and p5 only in B."""
    root = tmp_path_factory.mktemp("results")
    write_evaluation([clip(p, shift=2) for p in PATIENTS], root / "a", {"scored_grid": "native"})
    changed = [clip("p1"), clip("p2", shift=2), clip("p3", shift=4, shrink=12), clip("p4", empty=True), clip("p5")]
    write_evaluation(changed, root / "b", {"scored_grid": "native"})
    return root


def dice(folder, structure: str = "LV") -> dict[str, float]:
    """Read the mean Dice of each patient without the code under test."""
    with open(folder / "per_frame.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["structure"] == structure]
    return {p: np.mean([float(r["dice"]) for r in rows if r["patient"] == p]) for p in {r["patient"] for r in rows}}


def compared(folders, tmp_path, *options: str) -> dict:
    assert main(["compare", str(folders / "a"), str(folders / "b"), "--json", str(tmp_path / "c.json"), *options]) == 0
    return json.loads((tmp_path / "c.json").read_text())


def test_the_difference_is_the_mean_paired_difference_within_its_interval(folders, tmp_path):
    result = compared(folders, tmp_path)
    row = next(row for row in result["scores"] if (row["structure"], row["score"]) == ("LV", "dice"))
    a, b = dice(folders / "a"), dice(folders / "b")
    assert row["mean"] == pytest.approx(np.mean([b[p] - a[p] for p in PATIENTS]))
    assert row["mean"] == pytest.approx(row["mean_b"] - row["mean_a"])
    assert row["low"] < row["mean"] < row["high"]
    assert (row["n_pairs"], row["n_patients"], row["n_only_rows"], row["n_only_baseline"]) == (8, 4, 2, 0)
    assert "legacy_row_dice" not in {row["score"] for row in result["scores"]}


def test_patients_that_got_worse_come_worst_first_and_the_threshold_decides(folders, tmp_path):
    result = compared(folders, tmp_path)
    worse = [row["patient"] for row in result["worse"] if row["structure"] == "LV"]
    assert worse == ["p4", "p3"]
    changes = [row["difference"] for row in result["worse"]]
    assert changes == sorted(changes)
    assert [row["patient"] for row in result["better"]] == ["p1", "p1"]
    strict = compared(folders, tmp_path, "--threshold", "0.5")
    assert {row["patient"] for row in strict["worse"]} == {"p4"} and strict["better"] == []


def test_a_longer_distance_is_worse(folders, tmp_path):
    result = compared(folders, tmp_path, "--score", "hd95", "--threshold", "0.1")
    assert [row["patient"] for row in result["worse"] if row["structure"] == "LV"] == ["p4", "p3"]
    assert all(row["difference"] > 0.1 for row in result["worse"])


def test_failures_and_items_without_a_counterpart_are_counted(folders, tmp_path):
    failures = {row["structure"]: row for row in compared(folders, tmp_path)["failures"]}
    assert failures["LV"] == {
        "structure": "LV",
        "one_empty_a": 0,
        "one_empty_b": 2,
        "new": 2,
        "resolved": 0,
        "only_a": 0,
        "only_b": 2,
    }


def test_errors_of_the_ejection_fraction_are_compared_if_both_have_one(folders, tmp_path):
    rows = {row["quantity"]: row for row in compared(folders, tmp_path)["ejection_fraction"]}
    ef = rows["ef_percent"]
    assert ef["method"] == "single-plane-a4c-mod-v1"
    assert (ef["n_pairs"], ef["n_undefined"], ef["missing_a"], ef["missing_b"]) == (3, 1, 0, 1)
    assert ef["n_only_rows"] == 1 and ef["n_other_reference"] == 0
    assert ef["patients"]["p3"] > 3 > abs(ef["patients"]["p1"])  # the end-diastolic ventricle was cut short
    assert ef["mean"] == pytest.approx(ef["mae_b"] - ef["mae_a"])


def test_the_table_names_folders_scores_patients_and_units(folders, capsys):
    assert main(["compare", str(folders / "a"), str(folders / "b")]) == 0
    text = capsys.readouterr().out
    for part in (str(folders / "a"), "hd95 mm", "differences are B - A", "worse: p4", "EDV mL", "EF points"):
        assert part in text
    assert "caution: 4 patients" in text and "nan" not in text and max(map(len, text.splitlines())) <= 130


def test_a_folder_compared_with_itself_shows_no_difference(folders, capsys):
    assert main(["compare", str(folders / "a"), str(folders / "a")]) == 0
    text = capsys.readouterr().out
    assert "0 worse in B, 0 better" in text and "+0.0000 [+0.0000, +0.0000]" in text


def one_sentence(capsys) -> str:
    text = capsys.readouterr().err.strip()
    assert text.startswith("gdkvm: ") and "\n" not in text
    return text


def test_the_error_names_a_missing_folder_or_file(folders, tmp_path, capsys):
    assert main(["compare", str(folders / "a"), str(tmp_path / "nowhere")]) == 2
    assert f"{tmp_path / 'nowhere'} is not a folder" in one_sentence(capsys)
    assert main(["compare", str(tmp_path), str(folders / "b")]) == 2
    assert f"{tmp_path / 'per_frame.csv'} does not exist" in one_sentence(capsys)
    (tmp_path / "per_frame.csv").write_text("x,y\n1,2\n")
    assert main(["compare", str(tmp_path), str(folders / "b")]) == 2
    assert "pass a table written by evaluating" in one_sentence(capsys)


def test_pixels_and_millimeters_are_not_compared(folders, tmp_path, capsys):
    write_evaluation([clip("p1", spacing=None)], tmp_path, {})
    assert main(["compare", str(folders / "a"), str(tmp_path)]) == 2
    assert "['mm']" in (text := one_sentence(capsys)) and "['px']" in text


@pytest.mark.parametrize(
    ("spacing", "grid", "words"),
    [((0.4, 0.4), "native", "p1 4CH was scored on different grids"), (SPACING, "network", "on the native grid and")],
)
def test_different_scored_grids_are_refused(folders, tmp_path, capsys, spacing, grid, words):
    write_evaluation([clip("p1", spacing=spacing)], tmp_path, {"scored_grid": grid})
    assert main(["compare", str(folders / "a"), str(tmp_path)]) == 2
    assert words in one_sentence(capsys)


def test_results_without_a_shared_item_or_the_score_are_refused(folders, tmp_path, capsys):
    write_evaluation([clip("other")], tmp_path, {"scored_grid": "native"})
    assert main(["compare", str(folders / "a"), str(tmp_path)]) == 2
    assert "share no patient, view, clip, frame, and structure" in one_sentence(capsys)
    assert main(["compare", str(folders / "a"), str(folders / "b"), "--score", "speed"]) == 2
    assert "choose one of dice, iou, hd, hd95, asd" in one_sentence(capsys)


@pytest.mark.parametrize("arguments", [[], ["a"], ["a", "b", "--threshold", "-1"], ["a", "b", "--resamples", "0"]])
def test_wrong_use_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as error:
        main(["compare", *arguments])
    assert error.value.code == 2
    assert "required: " in (text := capsys.readouterr().err) or f"{arguments[2]} is {float(arguments[3]):g}" in text
