"""The command finds its subcommands, starts quickly, and prints errors in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gdkvm_monai
from gdkvm_monai.cli import command
from gdkvm_monai.cli.main import COMMANDS, main

LIGHT = """
import sys
from gdkvm_monai.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
heavy = {"torch", "monai", "numpy", "nibabel", "ignite", "pydantic", "pandas"} & set(sys.modules)
sys.exit(f"{sorted(heavy)} imported" if heavy else code)
"""


def run_alone(*words: str) -> subprocess.CompletedProcess:
    """Run the command in a new process, which fails with 1 if a slow module is imported."""
    return subprocess.run([sys.executable, "-c", LIGHT, *words], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "words", [[], *([name] for name in COMMANDS), ["export", "network"], ["export", "bundle"], ["bundle", "run"]]
)
def test_help_imports_no_slow_module(words):
    done = run_alone(*words, "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: gdkvm" in done.stdout and not done.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "usage"),
        (["--out", "out"], "pass clips"),
        (["clip.npy"], "-o/--out"),
        (["clip.npy", "-o", "out", "--view", "PLAX"], "PLAX"),
        (["clip.npy", "-o", "out", "--jobs", "0"], "--jobs is 0"),
        (["clip.npy", "-o", "out", "--unknown"], "--unknown"),
        (["clip.npy", "-o", "out", "--fps", "0"], "fps is 0"),
        (["clip.npy", "-o", ""], "is empty"),
        (["absent.npy", "-o", "out"], "absent.npy"),
        (["--views", "A4C=absent.npy", "A2C=other.npy", "-o", "out"], "absent.npy"),
        (["--views", "4CH=a.npy", "-o", "out"], "4CH=a.npy"),
        (["segmnt", "clip.npy"], "segment"),
        (["compare", "a"], "required: B"),
        (["compare", "a", "b", "--threshold", "-1"], "-1"),
        (["phantom", "out", "--format", "gif"], "gif"),
        (["export", "netwrok"], "netwrok"),
        (["export", "network"], "--out"),
        (["evaluate", "--weights", "x"], "--dataset-dir"),
        (["bundle", "rnu"], "rnu"),
        (["info", "--weights", "absent.pt"], "absent.pt"),
    ],
)
def test_argument_errors_are_reported_before_slow_imports(words, named):
    done = run_alone(*words)
    assert done.returncode == 2, done.stderr
    assert named in done.stderr


def test_the_package_runs_as_a_module_and_prints_its_version():
    done = subprocess.run([sys.executable, "-m", "gdkvm_monai", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"gdkvm {gdkvm_monai.__version__}\n")


def test_the_help_lists_every_command(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in COMMANDS) and "Not a medical device" in text
    modules = {path.stem for path in Path(command.__file__).parent.glob("*.py")}
    assert set(COMMANDS) <= modules


def test_a_folder_named_almost_like_a_command_is_a_clip(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demos").mkdir()
    assert main(["demos", "-o", "out"]) == 2
    assert "demos" in (text := capsys.readouterr().err) and "did you mean" not in text


@pytest.mark.parametrize(
    "words",
    [
        ("phantom", "{}"),
        ("demo", "--out", "{}"),
        ("evaluate", "--dataset-dir", ".", "-o", "{}"),
        ("export", "bundle", "--out", "{}/deep"),
        ("export", "network", "--untrained", "--out", "{}/network.onnx"),
        ("export", "network", "--untrained", "--format", "triton", "--out", "{}"),
    ],
)
def test_an_output_folder_that_is_a_file_is_refused(words, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main([word.format(tmp_path / "file") for word in words]) == 2
    assert f"{tmp_path / 'file'}" in (text := capsys.readouterr().err) and "choose another folder" in text


def test_an_error_of_the_operating_system_is_a_sentence_without_a_number(monkeypatch, capsys):
    error = PermissionError(13, "Permission denied", "out/frames.csv")
    monkeypatch.setattr("gdkvm_monai.cli.info.main", lambda words: (_ for _ in ()).throw(error))
    assert main(["info"]) == 2
    assert capsys.readouterr().err == "gdkvm: out/frames.csv: Permission denied; check the path.\n"


def test_an_unexpected_error_is_one_line_with_exit_code_one(monkeypatch, capsys):
    error = RuntimeError("first line\nsecond line")
    monkeypatch.setattr("gdkvm_monai.cli.info.main", lambda words: (_ for _ in ()).throw(error))
    assert main(["info"]) == 1
    expected = "gdkvm: RuntimeError: first line second line (--traceback shows the traceback)\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_while_a_command_starts_is_one_line_with_exit_code_130(name, monkeypatch, capsys):
    def interrupt(module: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gdkvm_monai.cli.main.importlib.import_module", interrupt)
    assert main([name]) == 130
    assert capsys.readouterr().err == "gdkvm: stopped by Ctrl-C.\n"


@pytest.mark.parametrize("way", ["nothing", "flag", "environment"])
def test_the_traceback_is_shown_only_on_request(way, monkeypatch, capsys):
    monkeypatch.setenv("GDKVM_TRACEBACK", "1" if way == "environment" else "0")
    assert main(["compare", "absent", "b", *(["--traceback"] if way == "flag" else [])]) == 2
    error = capsys.readouterr().err
    assert ("Traceback (most recent call last)" in error) == (way != "nothing")
    assert error.splitlines()[-1].startswith("gdkvm: absent")
