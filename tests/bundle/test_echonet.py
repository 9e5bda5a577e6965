"""EchoNet-Dynamic with ``echonet.yaml``: training and evaluation on phantoms of its layout."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from gdkvm_monai.data.phantom import write_echonet_phantom
from tests.bundle.tiny_bundle import CONFIGS, tiny_workflow, train_tiny

pytestmark = pytest.mark.slow


def test_echonet_is_trained_on_and_evaluated_in_pixels_with_its_ejection_fraction_beside_ours(tmp_path):
    pytest.importorskip("av")
    root = tmp_path / "echonet"
    write_echonet_phantom(root, (2, 1, 2), beats=1, frame_rate_hz=12.5)
    train_tiny(tmp_path, root, "echonet.yaml")
    card = json.loads((tmp_path / "models" / "model.json").read_text())
    assert card["network_options"]["out_channels"] == 2
    tiny_workflow(tmp_path, root, "echonet.yaml", "evaluate.json", run_id="evaluating", section="testing").run()
    frames = list(csv.DictReader((tmp_path / "eval" / "per_frame.csv").open()))
    assert {(row["structure"], row["unit"], row["phase"]) for row in frames} == {("LV", "px", "ED"), ("LV", "px", "ES")}
    assert len(frames) == 4
    rows = list(csv.DictReader((tmp_path / "eval" / "ef_per_patient.csv").open()))
    assert sorted(row["method"] for row in rows) == ["area-length-v1"] * 2 + ["single-plane-a4c-mod-v1"] * 2
    for row in rows:
        assert row["reference_edv_ml"] == "nan"  # no volume without a pixel size
        assert float(row["reference_ef_percent"]) == pytest.approx(float(row["recorded_ef_percent"]), abs=8)


def test_camus_given_to_echonet_yaml_is_recognized_by_the_command(tmp_path):
    (tmp_path / "camus" / "database_nifti").mkdir(parents=True)
    options = [
        "--run_dir",
        str(tmp_path),
        "--dataset_dir",
        str(tmp_path / "camus"),
        "--bundle_root",
        str(CONFIGS.parent),
    ]
    files = str([str(CONFIGS / name) for name in ("train.json", "echonet.yaml")])
    command = [sys.executable, "-m", "gdkvm_monai", "bundle", "run", "training", *options, "--config_file", files]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0 and "holds CAMUS" in result.stderr + result.stdout
