"""MONAI's commands check IDs first, and an evaluation is one call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from monai.bundle import __main__ as monai_command

from gdkvm_monai.configs import commands
from gdkvm_monai.configs.commands import checked_commands, evaluate, run_in_process

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
TRAIN = str(CONFIGS / "train.json")


@pytest.fixture
def calls(monkeypatch) -> list[dict]:
    """Record the arguments of MONAI's ``run``, which is replaced by a stub."""
    calls: list[dict] = []

    def run(run_id=None, init_id=None, config_file=None, args_file=None, tracking=None, **override):
        calls.append({"run_id": run_id, "config_file": config_file, **override})

    monkeypatch.setattr(monai_command, "run", run)
    return calls


def test_ids_are_checked_before_anything_runs(calls):
    with pytest.raises(ValueError, match="did you mean --epochs"):
        checked_commands()["run"]("training", config_file=TRAIN, epoch=3)
    assert not calls
    checked_commands()["run"]("training", config_file=TRAIN, epochs=3)
    assert calls == [{"run_id": "training", "config_file": TRAIN, "epochs": 3}]


@pytest.mark.parametrize("arguments", [("trainin",), ("training", "trainin")])
def test_a_run_that_the_config_does_not_have_is_refused_with_the_nearest_name(arguments, calls):
    with pytest.raises(ValueError, match="'trainin', which the config does not have; did you mean training"):
        checked_commands()["run"](arguments[0], config_file=TRAIN, **dict(zip(["init_id"], arguments[1:])))
    assert not calls


def test_a_missing_argument_is_named():
    with pytest.raises(ValueError, match="verify_metadata needs an argument filepath; add --filepath"):
        checked_commands()["verify_metadata"](meta_file=str(CONFIGS / "metadata.json"))


def test_the_config_can_be_in_an_arguments_file_but_is_required(calls, tmp_path):
    with pytest.raises(ValueError, match="--config_file"):
        checked_commands()["run"]("training")
    (tmp_path / "arguments.json").write_text(json.dumps({"config_file": TRAIN}))
    with pytest.raises(ValueError, match="did you mean --epochs"):
        checked_commands()["run"]("training", args_file=str(tmp_path / "arguments.json"), epoch=3)


def test_ids_in_an_arguments_file_and_command_arguments_are_checked(calls, tmp_path):
    (tmp_path / "arguments.json").write_text(json.dumps({"config_file": TRAIN, "epoch": 3}))
    with pytest.raises(ValueError, match="did you mean --epochs"):
        checked_commands()["run"]("training", args_file=str(tmp_path / "arguments.json"))
    with pytest.raises(ValueError, match="did you mean --args_file"):
        checked_commands()["run"]("training", config_file=TRAIN, args_fil="arguments.json")
    assert not calls


def test_experiment_tracking_ids_are_valid_if_tracking_is_on(calls):
    checked_commands()["run"]("training", config_file=TRAIN, tracking="mlflow", experiment_name="echo")
    with pytest.raises(ValueError, match="experiment_name"):
        checked_commands()["run"]("training", config_file=TRAIN, experiment_name="echo")
    assert len(calls) == 1


def test_an_evaluation_runs_train_json_overlays_and_evaluate_json(calls, tmp_path):
    (tmp_path / "model.pt").touch()
    overlays = ["small_network.yaml", tmp_path / "own.yaml"]
    overlays[1].write_text("num_frames: 3")
    evaluate(tmp_path, tmp_path / "out", tmp_path / "model.pt", overlays, {"section": "testing"})
    (call,) = calls
    assert [Path(file).name for file in call["config_file"]] == [
        *("train.json", "small_network.yaml", "own.yaml", "evaluate.json")
    ]
    assert call["run_id"] == "evaluating" and call["section"] == "testing"
    assert call["checkpoint"] == str(tmp_path / "model.pt") and call["output_dir"] == str(tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="absent.pt"):
        evaluate(tmp_path, tmp_path / "out", Path("absent.pt"))


def test_a_run_in_a_separate_process_finds_the_bundles_files(monkeypatch, tmp_path, capsys):
    lines = []
    monkeypatch.setattr(commands.subprocess, "run", lambda line, check: lines.append(line))
    run_in_process("training", ["train.json", "phantom.yaml"], tmp_path, Path("data"), ["--epochs=1"])
    assert lines[0][1:5] == ["-m", "monai.bundle", "run", "training"] and lines[0][-1] == "--epochs=1"
    assert str([TRAIN, str(CONFIGS / "phantom.yaml")]) in lines[0]
    assert capsys.readouterr().out == f"$ {' '.join(lines[0])}\n"
