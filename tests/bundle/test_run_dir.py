"""Training writes to its own folder and leaves the released weights as they are; evaluation finds both."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow

from gdkvm_monai.configs.errors import explain
from gdkvm_monai.networks.card import ModelCard
from gdkvm_monai.networks.nets import GDKVM
from tests.bundle.tiny_bundle import CONFIGS, TINY, tiny_workflow, train_tiny


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A bundle's folder with weights that its card marks as released."""
    root = tmp_path / "bundle"
    shutil.copytree(CONFIGS, root / "configs")
    (root / "models").mkdir()
    torch.manual_seed(1)
    options = {key.partition("#")[2]: value for key, value in TINY.items() if key.startswith("network_def")}
    network = GDKVM(**options)
    torch.save(network.state_dict(), root / "models" / "model.pt")
    ModelCard("GDKVM", network.options, (32, 32), release="0.2.0").write(root / "models" / "model.json")
    return root


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("overlays", [(), ("finetune.yaml",)], ids=["training", "fine-tuning"])
def test_training_beside_the_released_weights_is_refused_before_clips_are_read_and_changes_nothing(checkout, overlays):
    before = files_of(checkout / "models")
    flow = tiny_workflow(checkout, checkout / "no clips", *overlays)
    with pytest.raises(RuntimeError) as error:
        flow.run()
    assert "release 0.2.0" in explain(error.value) and "--run_dir runs/NAME" in explain(error.value)
    assert files_of(checkout / "models") == before and not (checkout / "training").exists()


def test_training_in_its_own_folder_leaves_the_release_and_is_evaluated_by_the_same_option(checkout, phantom_root):
    before, own = files_of(checkout / "models"), checkout.parent / "runs" / "first"
    train_tiny(checkout, phantom_root, run_dir=str(own))
    assert {path.name for path in (own / "models").iterdir()} == {"model.pt", "model_final.pt", "model.json"}
    assert (own / "training" / "learning_curve.csv").is_file()
    train_tiny(checkout, phantom_root, "evaluate.json", run_id="evaluating", run_dir=str(own))
    assert f"{own}/models/model.pt" in (own / "eval" / "metrics.json").read_text()
    train_tiny(checkout, phantom_root, "evaluate.json", run_id="evaluating")
    assert f"{checkout}/models/model.pt" in (checkout / "eval" / "metrics.json").read_text()
    assert files_of(checkout / "models") == before


def test_a_bundle_without_the_mark_is_trained_in_place(checkout, phantom_root):
    ModelCard().write(checkout / "models" / "model.json")
    before = (checkout / "models" / "model.pt").read_bytes()
    train_tiny(checkout, phantom_root)
    assert (checkout / "models" / "model.pt").read_bytes() != before


def test_fine_tuning_starts_from_the_weights_of_the_bundle(checkout, phantom_root):
    released = torch.load(checkout / "models" / "model.pt", weights_only=True)
    own = checkout.parent / "mine"
    train_tiny(checkout, phantom_root, "finetune.yaml", run_dir=str(own))
    tuned = torch.load(own / "models" / "model_final.pt", weights_only=True)
    frozen = [name for name in released if name.startswith("key_encoder.")]
    assert frozen and all(torch.equal(released[name], tuned[name]) for name in frozen)


def test_the_config_that_a_run_leaves_repeats_it(phantom_root, tmp_path):
    train_tiny(tmp_path / "first", phantom_root, "camus_stills.yaml", seed=5, **{"network_def#dropout": 0.2})
    config = tmp_path / "first" / "training" / "config.json"
    again = ConfigWorkflow(str(config), logging_file=False, workflow_type="train", run_id="training")
    again.initialize()
    again.bundle_root = str(tmp_path / "again")
    again.initialize()
    again.run()
    first, second = (
        torch.load(tmp_path / name / "models" / "model_final.pt", weights_only=True) for name in ("first", "again")
    )
    assert all(torch.equal(value, second[name]) for name, value in first.items())
