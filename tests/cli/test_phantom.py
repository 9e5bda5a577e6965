"""``gdkvm phantom``: options, output, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gdkvm_monai.cli.main import main
from gdkvm_monai.data.phantom import FORMATS
from gdkvm_monai.data.phantom.folder import DATA_SETS

SMALL = ("--size", "16", "24", "--beats", "1", "--frame-rate", "5")


def test_every_path_is_printed_and_every_option_is_applied(tmp_path, capsys):
    options = ("--format", "npy", "mhd", "--views", "2CH", "--patients", "2", "--seed", "5", "--quality", "poor")
    assert main(["phantom", str(tmp_path), *options, *SMALL]) == 0
    printed = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert all(path.exists() for path in printed)
    truth = json.loads((tmp_path / "truth.json").read_text())["clips"]
    assert printed == [
        *(tmp_path / f"{name}/phantom000{n}_2CH.{name}" for n in (1, 2) for name in ("npy", "mhd")),
        tmp_path / "truth.json",
    ]
    told = truth["npy/phantom0002_2CH.npy"]
    assert (told["seed"], told["quality"], told["view"]) == ([5, 2], "poor", "2CH")
    assert told["frame_rate_hz"] == 5 and told["shape"][:2] == [24, 16]


def test_a_wrong_value_gives_one_line_and_exit_code_two(tmp_path, capsys):
    assert main(["phantom", str(tmp_path / "new"), "--patients", "0"]) == 2
    told = capsys.readouterr()
    assert "patients = 0" in told.err and told.err.count("\n") == 1 and not told.out
    assert not (tmp_path / "new").exists()


def test_existing_files_are_kept_unless_overwriting_is_requested(tmp_path, capsys):
    command = ["phantom", str(tmp_path), "--format", "npy", "--views", "4CH", *SMALL]
    assert main(command) == 0
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "phantom0001_4CH.npy exists" in error and "--overwrite" in error
    assert main([*command, "--overwrite"]) == 0


@pytest.mark.parametrize("wrong", [["--format", "gif"], ["--views", "3CH"], ["--quality", "best"]])
def test_the_error_names_a_wrong_choice(wrong, capsys):
    with pytest.raises(SystemExit) as raised:
        main(["phantom", "out", *wrong])
    assert raised.value.code == 2
    assert f"'{wrong[1]}'" in capsys.readouterr().err


def test_the_help_explains_every_format(capsys):
    with pytest.raises(SystemExit) as raised:
        main(["phantom", "--help"])
    told = capsys.readouterr().out
    assert raised.value.code == 0
    assert all(f"\n  {name} " in told for name in (*FORMATS, *DATA_SETS)) and "exit codes" in told
