"""Nothing is lost when training is killed: the resumed run ends like one that was not interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from ignite.engine import Events

from gdkvm_monai.configs.errors import explain
from tests.bundle.tiny_bundle import CONFIGS, tiny_workflow, train_tiny

ROOT = Path(__file__).resolve().parents[2]


def test_runs_killed_at_three_random_moments_end_like_one_that_was_not():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "benchmarks" / "kill_training.py"), "--moments", "3"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stdout + result.stderr[-4000:]
    assert "3 of 3 are equal" in result.stdout and result.stdout.count("killed after") > 0


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, phantom_root) -> Path:
    """The folder of a run that was stopped in its third of four iterations."""
    root = tmp_path_factory.mktemp("stopped")
    flow = tiny_workflow(root, phantom_root, epochs=2, checkpoint_interval=1)

    def stop(engine) -> None:
        if engine.state.iteration == 3:
            raise KeyboardInterrupt

    flow.trainer.add_event_handler(Events.ITERATION_STARTED, stop)
    with pytest.raises(KeyboardInterrupt):
        flow.run()
    return root


def test_the_checkpoint_is_in_the_folder_of_the_run_and_loads_as_plain_data(stopped):
    state = torch.load(stopped / "checkpoint.pt", weights_only=True)
    assert state["parts"]["trainer"]["iteration"] == 2
    expected = {"network", "optimizer", "lr_scheduler", "best_validation", "learning_curve", "weights_card"}
    assert expected <= set(state["parts"]) and "frame_size" in state["config"]


@pytest.mark.parametrize("change", [{"learning_rate": 1e-3}, {"network_def#dropout": 0.1}])
def test_a_run_with_another_config_is_not_resumed(stopped, phantom_root, change):
    before = (stopped / "checkpoint.pt").read_bytes()
    flow = tiny_workflow(stopped, phantom_root, epochs=2, checkpoint_interval=1, resume=True, **change)
    with pytest.raises(RuntimeError) as error:
        flow.run()
    (name,) = change
    message = explain(error.value)
    assert f"{stopped}/checkpoint.pt" in message and f"{name} was" in message and "--run_dir" in message
    assert (stopped / "checkpoint.pt").read_bytes() == before


def test_without_a_checkpoint_resuming_starts_from_the_beginning(phantom_root, tmp_path):
    train_tiny(tmp_path, phantom_root, resume=True)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["parts"]["trainer"]["iteration"] == 2


def test_a_complete_run_is_resumed_without_any_change(phantom_root, tmp_path):
    train_tiny(tmp_path, phantom_root)
    names = ("models/model.pt", "models/model_final.pt", "models/model.json", "training/learning_curve.csv")
    before = {name: (tmp_path / name).read_bytes() for name in names}
    train_tiny(tmp_path, phantom_root, resume=True)
    assert {name: (tmp_path / name).read_bytes() for name in names} == before


def test_a_seed_trains_the_same_weights_with_any_number_of_workers(phantom_root, tmp_path):
    losses = []
    for name, workers, seed in (("none", 0, 3), ("two", 2, 3), ("again", 2, 3), ("other", 0, 4)):
        train_tiny(tmp_path / name, phantom_root, num_workers=workers, seed=seed)
        losses.append((tmp_path / name / "training" / "learning_curve.csv").read_text())
    assert losses[0] == losses[1] == losses[2] != losses[3]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_line_is_stopped_by_a_signal_and_prints_the_command_that_continues(
    phantom_root, tmp_path, number, code
):
    configs = [str(CONFIGS / name) for name in ("train.json", "small_network.yaml")]
    command = [sys.executable, "-m", "monai.bundle", "run", "training", f"--config_file={configs}"]
    command += [f"--bundle_root={tmp_path}", f"--dataset_dir={phantom_root}", "--num_frames=3"]
    command += ["--frame_size=[32,32]", "--epochs=1", "--iterations_per_epoch=40", "--checkpoint_interval=1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (tmp_path / "checkpoint.pt").is_file():
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == code, errors
    last = errors.splitlines()[-1]
    assert "Traceback" not in errors and f"{tmp_path}/checkpoint.pt holds iteration" in last
    again = last.partition("Continue with: ")[2]
    done = subprocess.run(again, shell=True, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["parts"]["trainer"]["iteration"] == 40
