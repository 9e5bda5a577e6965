"""A mistake in a config or on the command line is one sentence; the stack is there for who asks."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gdkvm_monai.cli.bundle import check_overrides, explain, main
from gdkvm_monai.networks.nets import GDKVM

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
TRAIN = str(CONFIGS / "train.json")
TINY = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
QUICK = [f"--network_def#{name}={value}" for name, value in TINY.items()]
QUICK += ["--frame_size=[32,32]", "--num_frames=2", "--iterations_per_epoch=1", "--epochs=1", "--batch_size=1"]


@pytest.fixture(autouse=True)
def restored_logging(monkeypatch):
    """The bundle's logging.conf replaces the handlers of the root logger; some keep an earlier test's stream."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def run(tmp_path, phantom_root, capsys):
    """Run the command in this process; returns the exit status and what went to both streams."""

    def run(*options: str, config: str = TRAIN, dataset_dir: str = str(phantom_root)) -> tuple[int, str, str]:
        fixed = [f"--config_file={config}", f"--bundle_root={tmp_path}", f"--dataset_dir={dataset_dir}"]
        status = main(["run", "training", *fixed, *QUICK, *options])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def write_weights(path: Path) -> str:
    torch.save(GDKVM(**TINY, out_channels=3).state_dict(), path)
    return str(path)


MISTAKES = {
    "missing dataset directory": (
        {"dataset_dir": "/nowhere"},
        [],
        "/nowhere is not a directory; set dataset_dir to a CAMUS release",
    ),
    "unknown update rule": (
        {},
        ["--network_def#update_rule=gated_delt"],
        "By 'gated_delt', did you mean 'gated_delta'?",
    ),
    "wrong structures": ({}, ["--num_classes=3"], "expected 0 to 2 (or 255 for unlabeled)"),
    "unknown override": ({}, ["--batchsize=3"], "--batchsize: the config has no batchsize; did you mean --batch_size?"),
    "override of a nested id by its last name": (
        {},
        ["--update_rule=decay"],
        "--update_rule: the config has no update_rule; did you mean --network_def#update_rule?",
    ),
    "merging on the command line": ({}, ["--+views=['2CH']"], "--+views: merging with + works in a config file only"),
    "missing config": ({"config": "train.jsn"}, [], "config file train.jsn does not exist; name a file such as"),
    "unknown argument of a component": ({}, ["--network_def#widht=4"], "unexpected keyword argument 'widht'"),
    "missing weights": ({}, ["--initial_weights=absent.pt"], "weights absent.pt do not exist"),
}


def assert_one_sentence(status: int, out: str, err: str, message: str) -> None:
    assert status == 2
    assert "Traceback" not in err + out
    last = err.strip().splitlines()[-1]
    assert last.startswith("gdkvm: ") and message in last and last.endswith("(--traceback shows the stack)")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_exit_code_two(mistake, run):
    where, options, message = MISTAKES[mistake]
    assert_one_sentence(*run(*options, **where), message)


def test_weights_of_another_shape_are_one_sentence_that_names_the_way_out(run, tmp_path):
    weights = write_weights(tmp_path / "three_classes.pt")
    result = run(f"--initial_weights={weights}")
    assert_one_sentence(*result, "three_classes.pt holds weights of another network")
    assert "strict_shape false (finetune.yaml)" in result[2] and "in the file and" in result[2]


def test_a_config_that_cannot_be_read_is_named(run, tmp_path):
    (tmp_path / "broken.json").write_text('{"epochs": 3,,}')
    assert_one_sentence(*run(config=str(tmp_path / "broken.json")), "broken.json cannot be read as JSON or YAML")


@pytest.mark.parametrize("way", ["flag", "environment"])
def test_the_whole_stack_is_shown_on_request(way, run, monkeypatch):
    if way == "environment":
        monkeypatch.setenv("GDKVM_TRACEBACK", "1")
    status, _, err = run(*(["--traceback"] if way == "flag" else []), dataset_dir="/nowhere")
    assert status == 2
    assert "Traceback (most recent call last)" in err and "camus_datalist" in err
    assert err.strip().splitlines()[-1].startswith("gdkvm: /nowhere is not a directory")


def test_a_run_without_mistakes_trains_and_ends_with_zero(run, tmp_path):
    status, out, err = run("--validate#dataloader#num_workers=0")
    assert status == 0 and "gdkvm:" not in err
    assert (tmp_path / "models" / "model_final.pt").is_file()


def test_new_ids_are_accepted_where_they_mean_something():
    check_overrides(TRAIN, {"train#trainer#accumulation_steps": 2, "epochs": 3, "train::trainer::max_epochs": 1})
    check_overrides(TRAIN, {"train#sampler": None, "train#dataloader#sampler": "@train#sampler"})
    check_overrides(TRAIN, {"optimizer#_target_": "torch.optim.SGD"})
    with pytest.raises(ValueError, match="the config has no train#sampler"):
        check_overrides(TRAIN, {"train#sampler": None})


def test_an_override_that_an_overlay_defines_is_known(tmp_path):
    (tmp_path / "overlay.json").write_text(json.dumps({"patience": 3}))
    check_overrides([TRAIN, str(tmp_path / "overlay.json")], {"patience": 5})


def test_the_ids_of_experiment_tracking_are_known_when_it_is_on(run, monkeypatch):
    started = []
    monkeypatch.setattr("monai.bundle.ConfigWorkflow.initialize", lambda self: started.append(self))
    monkeypatch.setattr("monai.bundle.ConfigWorkflow.run", lambda self: None)
    monkeypatch.setattr("monai.bundle.ConfigWorkflow.finalize", lambda self: None)
    assert run("--tracking=mlflow", "--experiment_name=echo", "--run_name=first")[0] == 0
    assert started[0].parser["experiment_name"] == "echo"
    assert_one_sentence(*run("--experiment_name=echo"), "the config has no experiment_name")


def test_no_config_at_all_is_one_sentence(capsys):
    assert main(["run", "training"]) == 2
    assert "no config was given; add --config_file" in capsys.readouterr().err


def test_an_error_in_a_worker_process_is_named_by_its_root():
    text = (
        "Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
        '  File "a.py", line 1\nValueError: patient1: the clip is damaged.\n\nThe direct cause of\n\n'
        "RuntimeError: applying transform LoadClipd"
    )
    assert explain(RuntimeError(text)) == "patient1: the clip is damaged."


@pytest.mark.slow
def test_the_command_line_takes_the_arguments_of_monais_from_any_folder(tmp_path):
    line = [sys.executable, "-m", "gdkvm_monai.cli.bundle", "run", "training", "--dataset_dir", "/nowhere"]
    files = f"['{TRAIN}','{CONFIGS / 'small_network.yaml'}']"
    result = subprocess.run([*line, "--config_file", files], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 2 and "Traceback" not in result.stderr + result.stdout
    assert result.stderr.strip().splitlines()[-1].startswith("gdkvm: /nowhere is not a directory")
