"""An error in a config or on the command line is one sentence, with the traceback on request."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gdkvm_monai.cli.main import main
from gdkvm_monai.networks.nets import GDKVM

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
TRAIN = str(CONFIGS / "train.json")
TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
QUICK = [f"--network_def#{name}={value}" for name, value in TINY.items()]
QUICK += ["--frame_size=[32,32]", "--num_frames=2", "--iterations_per_epoch=1", "--epochs=1", "--batch_size=1"]


@pytest.fixture(autouse=True)
def restored_logging(monkeypatch):
    """Restore the root logger, whose handlers the bundle's logging.conf replaces."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def run(tmp_path, phantom_root, capsys):
    """Return a function that runs the command in this process and returns the exit status and both streams."""

    def run(*options: str, config: str = TRAIN, dataset_dir: str = str(phantom_root)) -> tuple[int, str, str]:
        fixed = [f"--config_file={config}", f"--bundle_root={tmp_path}", f"--dataset_dir={dataset_dir}"]
        status = main(["bundle", "run", "training", *fixed, *QUICK, *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def write_weights(path: Path) -> str:
    torch.save(GDKVM(**TINY, out_channels=3).state_dict(), path)
    return str(path)


MISTAKES = {
    "missing dataset directory": ({"dataset_dir": "/nowhere"}, [], "/nowhere"),
    "unknown update rule": ({}, ["--network_def#update_rule=gated_delt"], "did you mean 'gated_delta'?"),
    "wrong structures": ({}, ["--num_classes=3"], "[3.0]"),
    "unknown override": ({}, ["--batchsize=3"], "did you mean --batch_size?"),
    "override of a nested id by its last name": (
        {},
        ["--update_rule=decay"],
        "did you mean --network_def#update_rule?",
    ),
    "merging on the command line": ({}, ["--+views=['2CH']"], "--+views"),
    "missing config": ({"config": "train.jsn"}, [], "train.jsn"),
    "unknown argument of a component": ({}, ["--network_def#widht=4"], "did you mean --network_def#width?"),
    "missing weights": ({}, ["--initial_weights=absent.pt"], "absent.pt"),
}


def assert_one_sentence(status: int, out: str, err: str, message: str) -> None:
    assert status == 2
    assert "Traceback" not in err + out
    last = err.strip().splitlines()[-1]
    assert last.startswith("gdkvm: ") and message in last and last.endswith("(--traceback shows the traceback)")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_is_one_sentence_with_exit_code_two(mistake, run):
    where, options, message = MISTAKES[mistake]
    assert_one_sentence(*run(*options, **where), message)


def test_weights_of_another_shape_give_one_sentence_with_advice(run, tmp_path):
    weights = write_weights(tmp_path / "three_classes.pt")
    result = run(f"--initial_weights={weights}")
    assert_one_sentence(*result, "three_classes.pt")
    assert "strict_shape" in result[2] and "finetune.yaml" in result[2]


def test_the_error_names_a_config_that_cannot_be_read(run, tmp_path):
    (tmp_path / "broken.json").write_text('{"epochs": 3,,}')
    assert_one_sentence(*run(config=str(tmp_path / "broken.json")), "broken.json")


@pytest.mark.parametrize("way", ["flag", "environment"])
def test_the_traceback_is_shown_on_request(way, run, monkeypatch):
    if way == "environment":
        monkeypatch.setenv("GDKVM_TRACEBACK", "1")
    status, _, err = run(*(["--traceback"] if way == "flag" else []), dataset_dir="/nowhere")
    assert status == 2
    assert "Traceback (most recent call last)" in err and "camus_datalist" in err
    assert err.strip().splitlines()[-1].startswith("gdkvm: /nowhere is not a directory")


def test_a_valid_run_trains_and_exits_with_zero(run, tmp_path):
    status, out, err = run("--validate#dataloader#num_workers=0")
    assert status == 0 and "gdkvm:" not in err
    assert (tmp_path / "models" / "model_final.pt").is_file()


def test_experiment_tracking_ids_are_valid_if_tracking_is_on(run, monkeypatch):
    started = []
    monkeypatch.setattr("monai.bundle.ConfigWorkflow.initialize", lambda self: started.append(self))
    monkeypatch.setattr("monai.bundle.ConfigWorkflow.run", lambda self: None)
    monkeypatch.setattr("monai.bundle.ConfigWorkflow.finalize", lambda self: None)
    assert run("--tracking=mlflow", "--experiment_name=echo", "--run_name=first")[0] == 0
    assert started[0].parser["experiment_name"] == "echo"
    assert_one_sentence(*run("--experiment_name=echo"), "experiment_name")


def test_a_missing_config_argument_is_a_one_line_error(capsys):
    assert main(["bundle", "run", "training"]) == 2
    assert "--config_file" in capsys.readouterr().err


def test_a_misspelled_id_in_an_overlay_is_refused_before_anything_runs(run, tmp_path):
    (tmp_path / "overlay.yaml").write_text("epoch: 3")
    status, _, err = run(config=f"['{TRAIN}','{tmp_path / 'overlay.yaml'}']")
    assert status == 2 and "overlay.yaml: the config has no epoch; did you mean epochs?" in err
    assert not (tmp_path / "models").exists()


def test_the_error_names_an_unknown_command_and_the_valid_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["bundle", "rnu", "training"])
    assert stop.value.code == 2 and "'rnu'" in (text := capsys.readouterr().err) and "run" in text


@pytest.mark.slow
def test_the_command_accepts_monais_arguments_from_any_folder(tmp_path):
    line = [sys.executable, "-m", "gdkvm_monai", "bundle", "run", "training", "--dataset_dir", "/nowhere"]
    files = f"['{TRAIN}','{CONFIGS / 'small_network.yaml'}']"
    result = subprocess.run([*line, "--config_file", files], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 2 and "Traceback" not in result.stderr + result.stdout
    assert result.stderr.strip().splitlines()[-1].startswith("gdkvm: /nowhere is not a directory")
