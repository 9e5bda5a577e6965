"""Training with the bundle's configs ends with the cause when something is wrong, and keeps the best weights."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
import torch

from gdkvm_monai.configs.errors import explain
from tests.bundle.tiny_bundle import tiny_workflow, train_tiny


def test_a_loss_that_is_not_finite_stops_training_with_its_clips_named_and_finite_weights_saved(phantom_root, tmp_path):
    flow = tiny_workflow(tmp_path, phantom_root, batch_size=3, iterations_per_epoch=5, learning_rate=1e30)
    with pytest.raises(RuntimeError) as error:
        flow.run()
    message = explain(error.value)
    assert "did not change the weights" in message and "the learning rate" in message
    assert message.count("_4CH_") == 3 and "--skip_nonfinite" in message
    network = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["parts"]["network"]
    assert all(value.isfinite().all() for value in network.values())
    assert not (tmp_path / "models" / "model.pt").exists()


def test_the_weights_with_the_smallest_distance_are_the_best(phantom_root, tmp_path):
    changes = {"validate#key_metric#val_mean_dice#metric_fn#score": "hd95", "learning_rate": 0.01}
    train_tiny(tmp_path, phantom_root, epochs=4, iterations_per_epoch=1, **changes)
    with open(tmp_path / "training" / "learning_curve.csv", newline="") as file:
        values = [float(row["value"]) for row in csv.DictReader(file) if row["series"] == "val_mean_dice"]
    best = json.loads((tmp_path / "training" / "metrics.json").read_text())["best"]
    assert len(set(values)) > 1 and best["val_mean_dice"] == pytest.approx(min(values))
    assert values[best["epoch"] - 1] == min(values)


def test_gradient_checkpointing_trains_the_same_weights(phantom_root, tmp_path):
    for name, recompute in (("kept", False), ("recomputed", True)):
        train_tiny(tmp_path / name, phantom_root, gradient_checkpointing=recompute, **{"network_def#dropout": 0.2})
    kept, recomputed = (
        torch.load(tmp_path / name / "models" / "model_final.pt", weights_only=True) for name in ("kept", "recomputed")
    )
    assert all(torch.equal(value, recomputed[name]) for name, value in kept.items())


def test_a_clip_that_cannot_be_read_in_an_epoch_is_named_and_the_iterations_before_are_kept(phantom_root, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(phantom_root, data)
    (clip,) = data.glob("database_nifti/patient0002/*_4CH_half_sequence.nii.gz")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 9 // 10])  # its header is complete
    flow = tiny_workflow(tmp_path / "run", data, cache_rate=0.0, batch_size=1, iterations_per_epoch=3, resume=False)
    with pytest.raises(RuntimeError) as error:
        flow.run()
    assert clip.name in explain(error.value)
    completed = flow.trainer.state.iteration
    file = tmp_path / "run" / "checkpoint.pt"
    saved = torch.load(file, weights_only=True)["parts"]["trainer"]["iteration"] if file.is_file() else 0
    assert saved == completed < 3
