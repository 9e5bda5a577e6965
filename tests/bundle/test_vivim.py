"""Vivim trains with the configs of the bundle, and is refused where a stream is needed."""

from __future__ import annotations

import csv
import math

import pytest
from monai.bundle import ConfigWorkflow

from gdkvm_monai import load_pipeline
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.nets import Vivim
from tests.bundle.tiny_bundle import CONFIGS, train_tiny

TINY = {
    "network_def#widths": [4, 8, 10, 16],
    "network_def#depths": [1] * 4,
    "network_def#states": 2,
    "network_def#head_width": 8,
    "network_def#stochastic_depth": 0.0,
}


def test_vivim_trains_on_phantoms_and_its_card_describes_it(phantom_root, tmp_path):
    train_tiny(tmp_path, phantom_root, "vivim.yaml", **TINY)
    with open(tmp_path / "training" / "learning_curve.csv", newline="") as file:
        losses = [float(row["value"]) for row in csv.DictReader(file) if row["series"] == "train_loss"]
    assert len(losses) == 2 and all(math.isfinite(loss) and loss > 0 for loss in losses)
    weights = tmp_path / "models" / "model_final.pt"
    assert isinstance(read_card(weights).build_network(), Vivim)
    with pytest.raises(TypeError, match="Vivim segments whole clips and cannot stream"):
        load_pipeline(weights, device="cpu").session()


def test_the_full_network_trains_with_an_estimator_that_was_trained_on_labels(phantom_root, tmp_path):
    options = {"epochs": 1, "repeats": 1, "device": "$torch.device('cpu')", "datalist#views": ["4CH"]}
    paths = {"run_dir": str(tmp_path), "dataset_dir": str(phantom_root)}
    flow = ConfigWorkflow(
        str(CONFIGS / "vivim_affine.yaml"), workflow_type="train", run_id="training", **options, **paths
    )
    flow.initialize()
    flow.run()
    full = {"network_def#ablation": "full", "affine_weights": str(tmp_path / "models" / "affine.pt"), **TINY}
    silent = {"train#postprocessing": None, "train#key_metric": None}
    train_tiny(tmp_path / "full", phantom_root, "vivim.yaml", **full, **silent)
    card = read_card(tmp_path / "full" / "models" / "model_final.pt")
    assert card.network_options["ablation"] == "full"
