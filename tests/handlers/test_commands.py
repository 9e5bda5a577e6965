"""The commands after a run can be pasted, and have the arguments of the run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gdkvm_monai.handlers.commands import command_to_evaluate, command_to_resume


@pytest.fixture(autouse=True)
def no_torchrun(monkeypatch) -> None:
    """Tests may run within torchrun."""
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)


@pytest.mark.parametrize("given", [["--resume", "True"], ["--resume=False"], []])
def test_a_run_is_resumed_with_its_own_command(given):
    command = ["/bin/python", "-m", "x", *given, "--views", "['4CH']", "--a", "b c", "--d", "$'e'"]
    words = shlex.split(command_to_resume(command))
    assert words == [word for word in command if word not in given] + ["--resume", "True"]


def test_a_list_is_readable_in_the_command():
    assert "--views \"['4CH']\"" in command_to_resume(["python", "--views", "['4CH']"])


@pytest.mark.parametrize("option", [["--config_file", "{}"], ["--config_file={}"]])
@pytest.mark.parametrize("files", ["a/train.json", "['a/train.json', 'b/light.yaml']"])
def test_a_run_is_evaluated_with_its_own_overlays_and_options(option, files):
    command = ["python", "-m", "monai.bundle", "run", "training", *(word.format(files) for word in option)]
    words = shlex.split(command_to_evaluate([*command, "--run_dir", "r", "--resume", "True"], Path("m.pt")))
    assert words[:6] == ["python", "-m", "monai.bundle", "run", "evaluating", "--config_file"]
    expected = ["a/train.json", "b/light.yaml", "a/evaluate.json"]
    assert words[6] == str([file for file in expected if file in files or "evaluate" in file])
    assert words[7:] == ["--run_dir", "r"]


def test_a_run_from_elsewhere_is_followed_by_the_segmentation_of_a_clip(monkeypatch):
    for command in (["pytest"], ["python", "run", "training"], ["python", "run", "--config_file", "a.json"]):
        assert command_to_evaluate(command, Path("my runs/m.pt")) == "gdkvm CLIP --weights 'my runs/m.pt' -o OUT"
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    assert "torchrun" in command_to_resume(["/bin/python"])
    assert command_to_evaluate(["python", "training", "--config_file", "a"], Path("m.pt")).startswith("gdkvm CLIP")
