"""The command that writes phantom clips: its files, its truth, its refusals."""

from __future__ import annotations

import json
import os
import sys

import pytest

from gdkvm_monai.cli.phantom import DATA_SETS, _split, main
from gdkvm_monai.data import ClipReader, camus_datalist
from gdkvm_monai.data.phantom import FORMATS, EchoPhantom

SMALL = ("--size", "32", "32", "--beats", "1", "--frame-rate", "5")


def files(root) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_every_format_is_written_printed_readable_and_in_truth_json(tmp_path, capsys):
    pytest.importorskip("pydicom")
    pytest.importorskip("av")
    out = tmp_path / "out"
    assert main([str(out), "--format", *FORMATS, *DATA_SETS, "--seed", "3", *SMALL]) == 0
    printed = capsys.readouterr().out.split()
    assert all(os.path.exists(path) for path in printed) and printed[-1] == str(out / "truth.json")
    assert len(printed) == 2 * len(FORMATS) + len(DATA_SETS) + 1
    truth = json.loads((out / "truth.json").read_text())
    assert {file.split("/")[0] for file in truth["clips"]} == {*FORMATS, *DATA_SETS}
    phantom = EchoPhantom((3, 1))
    for file, told in truth["clips"].items():
        read = ClipReader().read(out / file)
        assert list(read.pixels.shape) == told["shape"]
        assert told["view"] in file or "echonet" in file
        assert told["seed"] == [3, 1] and told["heart_rate_bpm"] == phantom.heart_rate_bpm
        assert told["ef_percent"] == pytest.approx(phantom.ef_percent, abs=1e-4)
        assert set(told) == set(truth["clips"]["npy/phantom0001_4CH.npy"])
        assert 0 <= max(told["ed_frames"] + told["es_frames"]) < told["shape"][2]


def test_a_camus_folder_holds_only_the_views_asked_for_and_the_true_phases(tmp_path):
    assert main([str(tmp_path / "o"), "--format", "camus", "--views", "4CH", "--size", "32", "32"]) == 0
    (item,) = camus_datalist(tmp_path / "o" / "camus", "training", report=None)
    assert item["view"] == "4CH" and item["image_quality"] == "Medium"
    ((file, told),) = json.loads((tmp_path / "o" / "truth.json").read_text())["clips"].items()
    assert str(tmp_path / "o" / file) == item["image"]
    assert (told["ed_frames"], told["es_frames"]) == ([item["ed_frame"]], [item["es_frame"]])


@pytest.mark.parametrize(("patients", "split"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (1, 1, 1)), (16, (12, 2, 2))])
def test_patients_are_shared_among_training_validation_and_testing(patients, split):
    assert _split(patients) == split and sum(split) == patients


def test_the_same_seed_writes_the_same_bytes_and_another_one_other_clips(tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main([str(tmp_path / name), "--format", "nifti", "npy", "--views", "2CH", "--seed", seed, *SMALL]) == 0
    first, same, other = (files(tmp_path / name) for name in "abc")
    assert first == same and first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_what_exists_is_kept_unless_overwriting_is_asked_for(tmp_path, capsys):
    command = [str(tmp_path), "--format", "npy", "png", "--views", "4CH", *SMALL]
    assert main(command) == 0
    before = files(tmp_path)
    assert main([*command, "--seed", "1"]) == 2
    captured = capsys.readouterr().err
    assert "phantom0001_4CH.npy exists; choose another folder, or give --overwrite" in captured
    assert files(tmp_path) == before
    assert main([*command, "--seed", "1", "--overwrite"]) == 0
    after = files(tmp_path)
    assert after["npy/phantom0001_4CH.npy"] != before["npy/phantom0001_4CH.npy"]


def test_another_format_is_added_and_its_truth_too(tmp_path):
    assert main([str(tmp_path), "--format", "npy", "--views", "4CH", *SMALL]) == 0
    assert main([str(tmp_path), "--format", "mhd", "--views", "4CH", *SMALL]) == 0
    clips = json.loads((tmp_path / "truth.json").read_text())["clips"]
    assert list(clips) == ["mhd/phantom0001_4CH.mhd", "npy/phantom0001_4CH.npy"]


def test_files_that_the_command_did_not_write_are_not_even_overwritten(tmp_path, capsys):
    (tmp_path / "camus").mkdir()
    (tmp_path / "camus" / "mine").write_text("mine")
    assert main([str(tmp_path), "--format", "camus", "--overwrite"]) == 2
    assert "no truth.json shows that this command wrote it" in capsys.readouterr().err
    (tmp_path / "truth.json").write_text("[1]")
    assert main([str(tmp_path), "--format", "camus", "--overwrite"]) == 2
    assert "truth.json is not a truth.json of this command; choose another folder" in capsys.readouterr().err
    assert (tmp_path / "camus" / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--patients", "0"], "--patients 0 must lie in 1 to 9999"),
        (["--beats", "-1"], "beats = -1.0 must be above 0"),
        (["--frame-rate", "2000"], "frame_rate_hz = 2000.0 within 1 to 1000"),
        (["--size", "4", "64"], "size = (4, 64) must be a height and a width of at least 16"),
        (["--seed", "-3"], "must consist of non-negative integers"),
    ],
)
def test_a_wrong_value_gives_one_sentence_and_status_two(wrong, message, tmp_path, capsys):
    assert main([str(tmp_path / "new"), *wrong]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("phantom: ") and message in told.err and told.err.count("\n") == 1 and not told.out
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("wrong", [["--format", "gif"], ["--views", "3CH"], ["--quality", "best"], []])
def test_a_wrong_choice_names_the_right_ones(wrong, capsys):
    with pytest.raises(SystemExit) as raised:
        main(["out", *wrong] if wrong else [])
    assert raised.value.code == 2
    assert ("choose from" if wrong else "required: OUT") in capsys.readouterr().err


@pytest.mark.parametrize(("name", "module", "extra"), [("dicom", "pydicom", "dicom"), ("echonet", "av", "video")])
def test_a_missing_package_stops_the_command_before_it_writes(name, module, extra, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    assert main([str(tmp_path / "new"), "--format", "npy", name, *SMALL]) == 2
    assert f'install it: pip install "gdkvm-monai[{extra}]".' in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_what_was_written_before_an_error_is_whole_and_in_truth_json(tmp_path, capsys, monkeypatch):
    def fail(path, clip) -> None:
        raise OSError("disk full")

    monkeypatch.setitem(FORMATS, "mhd", FORMATS["mhd"]._replace(write=fail))
    assert main([str(tmp_path), "--format", "npy", "mhd", *SMALL]) == 2
    assert capsys.readouterr().err == "phantom: disk full\n"
    assert list(json.loads((tmp_path / "truth.json").read_text())["clips"]) == ["npy/phantom0001_4CH.npy"]
    assert set(files(tmp_path)) == {"npy/phantom0001_4CH.npy", "truth.json"}


def test_the_help_explains_every_format(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["--help"])
    told = capsys.readouterr().out
    assert raised.value.code == 0
    assert all(f"\n  {name} " in told for name in (*FORMATS, *DATA_SETS)) and "exit status" in told
