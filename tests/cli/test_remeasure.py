"""``gdkvm remeasure``: what is printed, the index, and wrong use."""

from __future__ import annotations

import csv
import json

import nibabel
import numpy as np
import pytest

from tests.study.gray_level_network import gray_level_pipeline
from tests.study.tiny_command import gdkvm, only_result, process_kept, write_label_clip


@pytest.fixture(autouse=True)
def process_as_before():
    with process_kept():
        yield


@pytest.fixture()
def result(tmp_path, monkeypatch):
    monkeypatch.setattr("gdkvm_monai.study.batch.load_pipeline", lambda *arguments: gray_level_pipeline())
    write_label_clip(tmp_path / "Doe.npy", "npy", size=(40, 40))
    options = ("--fast", "--quiet", "--overlay", "none", "--view", "4CH")
    assert gdkvm(tmp_path / "Doe.npy", "-o", tmp_path / "out", *options) == 0
    return only_result(tmp_path / "out")


def test_an_edited_mask_and_marked_frames_change_the_results_and_the_index(result, tmp_path, capsys):
    image = nibabel.load(result / "mask.nii.gz")
    mask = np.asarray(image.dataobj).copy()
    mask[:, :20, 6][mask[:, :20, 6] == 1] = 0
    nibabel.save(nibabel.Nifti1Image(mask, image.affine), tmp_path / "edited.nii.gz")
    capsys.readouterr()
    assert gdkvm("remeasure", result, "--mask", tmp_path / "edited.nii.gz", "--ed", "3", "--es", "6") == 0
    printed = capsys.readouterr().out
    found = json.loads((result / "measurements.json").read_text())
    assert f"EF {found['mean']['ef_percent']:.0f} %" in printed and "masks and phases edited by hand" in printed
    assert found["phases"]["ed_frames"] == [3] and found["phases"]["es_frames"] == [6]
    (row,) = csv.DictReader((result.parent / "index.csv").open())
    assert row["edited"] == "masks and phases" and float(row["ef_percent"]) == found["mean"]["ef_percent"]
    assert not [file for file in result.rglob("*") if file.is_file() and b"Doe" in file.read_bytes()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to measure again"),
        (("--find-phases", "--ed", "3"), "not both"),
        (("--ed", "3", "--clip", "a.png", "b.png", "c.png"), "got 3 paths"),
        (("--mask", "absent.nii.gz"), "absent.nii.gz does not exist"),
        (("--ed", "999"), "frame 999"),
    ],
)
def test_wrong_use_is_answered_in_one_line(arguments, message, result, capsys):
    before = (result / "run.json").read_bytes()
    capsys.readouterr()
    assert gdkvm("remeasure", result, *arguments) == 2
    printed = capsys.readouterr()
    assert message in printed.err.splitlines()[-1] and not printed.out
    assert (result / "run.json").read_bytes() == before
