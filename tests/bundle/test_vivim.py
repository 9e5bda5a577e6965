"""Vivim trains with the configs of the bundle, and is refused where a stream is needed."""

from __future__ import annotations

import csv
import math

import pytest

from gdkvm_monai import load_pipeline
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.nets import Vivim
from tests.bundle.tiny_bundle import train_tiny

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
