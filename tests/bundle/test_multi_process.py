"""The multi-GPU configs in two processes on the CPU: same results as one process, and no deadlock."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow

from gdkvm_monai.networks.nets import GDKVM

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "bundle" / "configs"
TINY = {
    "frame_size": [32, 32],
    "num_frames": 3,
    "batch_size": 1,
    "epochs": 1,
    "iterations_per_epoch": 2,
    "views": ["4CH"],  # three clips are trained on and evaluated: an odd number
    "network_def#width": 8,
    "network_def#decoder_width": 32,
}

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def settings(bundle_root: Path, dataset_dir: Path, **options) -> dict:
    """Return the settings of all runs."""
    return {**TINY, "bundle_root": str(bundle_root), "dataset_dir": str(dataset_dir), **options}


def command(run_id: str, files: list[str], options: dict) -> list[str]:
    """Return the command line that a user types."""
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    line += ["-m", "monai.bundle", "run", run_id, f"--config_file={[str(CONFIGS / name) for name in files]}"]
    return line + [f"--{name}={value}" for name, value in options.items()]


def run_in_two_processes(run_id: str, files: list[str], options: dict) -> str:
    """Run the command line and return its output."""
    line, cwd = command(run_id, files, options), options["bundle_root"]
    result = subprocess.run(line, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory, phantom_root) -> Path:
    """A bundle root with the checkpoint of a training in two processes; that it exists shows that none waited."""
    root = tmp_path_factory.mktemp("two_processes")
    files = ["train.json", "small_network.yaml", "multi_gpu_train.json"]
    run_in_two_processes("training", files, settings(root, phantom_root))
    return root


def test_training_in_two_processes_ends_and_one_of_them_writes(trained):
    assert {path.name for path in (trained / "models").iterdir()} == {"model.pt", "model_final.pt", "model.json"}
    with open(trained / "training" / "learning_curve.csv", newline="") as file:
        series = [row["series"] for row in csv.DictReader(file)]
    assert series.count("train_loss") == 2 and series.count("val_mean_dice") == 1


def test_two_processes_evaluate_an_odd_number_of_clips_like_one_process(trained, phantom_root, tmp_path):
    files = ["train.json", "small_network.yaml", "evaluate.json"]
    options = {**settings(trained, phantom_root), "section": "training"}
    flow = ConfigWorkflow(
        config_file=[str(CONFIGS / name) for name in files],
        meta_file=str(CONFIGS / "metadata.json"),
        logging_file=False,
        workflow_type="train",
        run_id="evaluating",
        **{**options, "output_dir": str(tmp_path / "one"), "device": "$torch.device('cpu')"},
    )
    flow.initialize()
    flow.run()
    options["output_dir"] = str(tmp_path / "two")
    printed = run_in_two_processes("evaluating", [*files, "multi_gpu_evaluate.json"], options)
    assert printed.count(f"written to {tmp_path / 'two'}") == 1
    one, two = (list(csv.DictReader(open(tmp_path / name / "per_frame.csv"))) for name in ("one", "two"))
    assert len(two) == 3 * 2 * 4 and one == two  # patients, ED and ES, structures: the padding is gone


def test_joined_batch_statistics_keep_the_network_and_the_names_of_its_weights():
    network = GDKVM(backbone="resnet18", width=8)
    names = list(network.state_dict())
    joined = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)  # as multi_gpu_train.json does on CUDA
    assert joined is network and list(joined.state_dict()) == names
    assert any(isinstance(layer, torch.nn.SyncBatchNorm) for layer in joined.modules())
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in joined.modules())


@pytest.mark.slow
def test_two_processes_have_the_gradients_and_scores_of_one_with_the_joined_batch(phantom_root, tmp_path):
    """After one step of gradient descent weights differ as gradients do; the U-Net has no batch statistics."""
    plain = {name: value for name, value in TINY.items() if not name.startswith("network_def")}
    plain |= {"iterations_per_epoch": 1, "network_def#dropout": 0.0, "max_gradient_norm": 1e9, "learning_rate": 1.0}
    plain |= {"optimizer#_target_": "torch.optim.SGD", "weight_decay": 0.0, "dataset_dir": str(phantom_root)}
    one, two = ({**plain, "bundle_root": str(tmp_path / name)} for name in ("one", "two"))
    for options in (one, two):
        Path(options["bundle_root"]).mkdir()
    run_in_two_processes("training", ["train.json", "unet.yaml", "multi_gpu_train.json"], two)
    flow = ConfigWorkflow(
        config_file=[str(CONFIGS / name) for name in ("train.json", "unet.yaml")],
        logging_file=False,
        workflow_type="train",
        run_id="training",
        **{**one, "batch_size": 2, "device": "$torch.device('cpu')"},
    )
    flow.initialize()
    start = {name: value.clone() for name, value in flow.parser.get_parsed_content("network").state_dict().items()}
    flow.run()
    first, second = (torch.load(tmp_path / n / "models" / "model_final.pt", weights_only=True) for n in ("one", "two"))
    assert max(float((first[name] - start[name]).abs().max()) for name in start) > 1e-3
    for name, value in first.items():
        torch.testing.assert_close(second[name] - start[name], value - start[name], rtol=1e-5, atol=1e-5)
    scores = [
        json.loads((tmp_path / name / "training" / "metrics.json").read_text())["last"] for name in ("one", "two")
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


@pytest.mark.slow
def test_a_stopped_process_ends_the_others_after_the_timeout(phantom_root, tmp_path):
    options = settings(tmp_path, phantom_root, epochs=50, process_timeout=8, checkpoint_interval=1)
    line = command("training", ["train.json", "small_network.yaml", "multi_gpu_train.json"], options)
    with open(tmp_path / "log.txt", "w") as log:
        launcher = subprocess.Popen(line, cwd=tmp_path, env=ENVIRONMENT, stdout=log, stderr=log)
        while launcher.poll() is None and not (tmp_path / "checkpoint.pt").is_file():
            time.sleep(0.1)
        children = subprocess.check_output(["pgrep", "-P", str(launcher.pid)], text=True).split()
        ranks = {dict(line.split("=", 1) for line in environment(child)).get("RANK"): int(child) for child in children}
        os.kill(ranks["1"], signal.SIGSTOP)
        try:
            assert launcher.wait(timeout=100) != 0
        finally:
            launcher.kill()
            subprocess.run(["kill", "-KILL", *children], stderr=subprocess.DEVNULL)
    text = (tmp_path / "log.txt").read_text()
    assert "another process did not answer within process_timeout seconds" in text
    assert f"{tmp_path}/checkpoint.pt holds iteration" in text


def environment(process: str) -> list[str]:
    """Return the environment of a process as lines ``NAME=value``."""
    return [line for line in Path(f"/proc/{process}/environ").read_text().split("\0") if "=" in line]
