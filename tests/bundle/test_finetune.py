"""Fine-tuning, early stopping, and schedules, each an overlay or one override."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from gdkvm_monai.data.phantom import write_echonet_phantom
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.nets import GDKVM
from tests.bundle.tiny_bundle import CONFIGS, TINY, tiny_workflow, train_tiny


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory) -> Path:
    """Return the weights of a tiny network with four classes, including normalization statistics."""
    options = {key.partition("#")[2]: value for key, value in TINY.items() if key.startswith("network_def")}
    torch.manual_seed(0)
    network = GDKVM(**options).train()
    with torch.no_grad():
        network(torch.rand(2, 1, 32, 32, 2))
    path = tmp_path_factory.mktemp("weights") / "pretrained.pt"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def ventricle_root(tmp_path_factory, phantom_root) -> Path:
    """Return phantoms with the left ventricle as their only structure."""
    root = tmp_path_factory.mktemp("ventricle") / "data"
    shutil.copytree(phantom_root, root)
    for path in root.rglob("*_gt.nii.gz"):
        image = nibabel.load(path)
        label = np.asarray(image.dataobj)
        nibabel.save(nibabel.Nifti1Image((label == 1).astype(np.uint8), image.affine), path)
    return root


def weights_of(root: Path) -> dict[str, torch.Tensor]:
    return torch.load(root / "models" / "model_final.pt", weights_only=True)


def test_fine_tuning_freezes_the_key_encoder_and_its_statistics_and_changes_the_rest(
    pretrained, phantom_root, tmp_path, caplog
):
    with caplog.at_level(logging.INFO):
        train_tiny(tmp_path, phantom_root, "finetune.yaml", initial_weights=str(pretrained))
    before, after = torch.load(pretrained, weights_only=True), weights_of(tmp_path)
    frozen = [name for name in before if name.startswith("key_encoder.")]
    assert any("running_mean" in name for name in frozen) and any("num_batches" in name for name in frozen)
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    assert any(not torch.equal(before[name], after[name]) for name in before if name not in frozen)
    assert "frozen: key_encoder" in caplog.text
    assert read_card(tmp_path / "models" / "model_final.pt").initial_weights.startswith("pretrained.pt, SHA-256 ")


def test_the_key_encoder_also_learns_without_frozen_modules(pretrained, phantom_root, tmp_path):
    train_tiny(tmp_path, phantom_root, "finetune.yaml", initial_weights=str(pretrained), frozen=[])
    before, after = torch.load(pretrained, weights_only=True), weights_of(tmp_path)
    for part in ("key_encoder.conv1.weight", "key_encoder.bn1.running_mean"):
        assert not torch.equal(before[part], after[part])


def test_another_number_of_structures_reinitializes_and_lists_the_affected_layers(
    pretrained, ventricle_root, tmp_path, caplog
):
    options = {"initial_weights": str(pretrained), "num_classes": 2, "learning_rate": 0.0}
    with caplog.at_level(logging.INFO):
        train_tiny(tmp_path, ventricle_root, "finetune.yaml", **options)
    before, after = torch.load(pretrained, weights_only=True), weights_of(tmp_path)
    other = [name for name in after if name not in before or after[name].shape != before[name].shape]
    parameters = [name for name in after if name not in other and "running" not in name and "num_batches" not in name]
    assert other and all(torch.equal(before[name], after[name]) for name in parameters)
    listed = [record.getMessage() for record in caplog.records if "in the file" in record.getMessage()]
    assert sorted(text.split()[0] for text in listed) == sorted(other)
    assert f"{len(after) - len(other)} of {len(after)} weights are from {pretrained}" in caplog.text


def test_weights_of_another_shape_are_refused_without_fine_tuning(pretrained, phantom_root, tmp_path):
    flow = tiny_workflow(tmp_path, phantom_root, initial_weights=str(pretrained), **{"network_def#width": 4})
    with pytest.raises(Exception) as error:
        flow.run()
    message = str(error.value.__cause__)
    assert (
        "weights of another network" in message and "has the shape (8, 1, 7, 7) in the file and (4, 1, 7, 7)" in message
    )


def test_only_end_diastole_and_end_systole_are_labeled_in_fine_tuning(pretrained, phantom_root, tmp_path):
    flow = tiny_workflow(tmp_path, phantom_root, "finetune.yaml", num_frames=3)
    label = flow.train_dataset[0]["label"]
    assert [bool((label[..., frame] == 255).all()) for frame in range(label.shape[-1])] == [False, True, False]


def test_freezing_a_missing_module_is_refused(pretrained, phantom_root, tmp_path):
    flow = tiny_workflow(tmp_path, phantom_root, "finetune.yaml", frozen=["encoder"])
    with pytest.raises(RuntimeError) as error:
        flow.run()
    texts, cause = [], error.value
    while cause is not None:
        texts.append(str(cause))
        cause = cause.__cause__
    assert any("no module 'encoder' to freeze; choose from key_encoder" in text for text in texts)


@pytest.mark.parametrize("patience, epochs_run", [(1, 2), (2, 3)])
def test_training_stops_when_validation_no_longer_improves(phantom_root, tmp_path, patience, epochs_run):
    options = {"epochs": 6, "learning_rate": 0.0, "patience": patience, "iterations_per_epoch": 1, "min_delta": 2.0}
    flow = train_tiny(tmp_path, phantom_root, "early_stopping.yaml", **options)
    assert flow.trainer.state.epoch == epochs_run


def test_patience_counts_validations_instead_of_epochs(phantom_root, tmp_path):
    options = {"epochs": 6, "learning_rate": 0.0, "patience": 1, "iterations_per_epoch": 1, "min_delta": 2.0}
    flow = train_tiny(tmp_path, phantom_root, "early_stopping.yaml", val_interval=2, **options)
    assert flow.trainer.state.epoch == 4


def test_another_learning_rate_schedule_is_one_override(phantom_root, tmp_path):
    schedule = {
        "_target_": "torch.optim.lr_scheduler.CosineAnnealingLR",
        "optimizer": "@optimizer",
        "T_max": "$@epochs * @iterations_per_epoch",
    }
    flow = train_tiny(tmp_path, phantom_root, lr_scheduler=schedule, learning_rate=1e-3, val_interval=5)
    assert flow.trainer.state.iteration == 2
    assert flow.trainer.optimizer.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-9)


SLOW = {"phantom.yaml": pytest.mark.slow}
OVERLAYS = [pytest.param(path.name, marks=SLOW.get(path.name, ())) for path in sorted(CONFIGS.glob("*.yaml"))]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_properties_are_found_with_every_overlay(overlay, phantom_root, tmp_path):
    options: dict = {"cache_rate": 0.0}
    if overlay == "tensorboard.yaml":
        pytest.importorskip("tensorboard", reason="TensorBoard is not installed; pip install -e .[track]")
    if overlay == "phantom.yaml":
        options |= {"num_patients": [1, 1, 1], "phantom_size": [32, 32]}
    root = tmp_path / "data" if overlay == "phantom.yaml" else phantom_root
    if overlay == "echonet.yaml":
        pytest.importorskip("av", reason="PyAV is not installed; pip install -e .[video]")
        root = tmp_path / "echonet"
        write_echonet_phantom(root, (1, 1, 1), beats=1, frame_rate_hz=12.5)
    assert tiny_workflow(tmp_path, root, overlay, **options).check_properties() == []
