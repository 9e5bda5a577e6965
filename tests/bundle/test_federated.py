"""Federated averaging of two sites with MONAI's client and the bundle's configs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from monai.fl.utils.constants import ExtraItems, FlStatistics, ModelType

from gdkvm_monai.data.phantom import PhantomSettings, write_camus_phantom
from tests.bundle.tiny_bundle import TINY


@pytest.fixture(scope="module")
def simulation():
    """Import the benchmark as a module."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "federated_simulation.py"
    spec = importlib.util.spec_from_file_location("federated_simulation", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_average_weights_each_site_by_its_training_items(simulation):
    sites = [
        {"w": torch.tensor([0.0, 2.0]), "n": torch.tensor(10)},
        {"w": torch.tensor([4.0, 2.0]), "n": torch.tensor(3)},
    ]
    average = simulation.federated_average(sites, [3, 1])
    assert torch.equal(average["w"], torch.tensor([1.0, 2.0]))
    assert average["n"].item() == 8 and average["n"].dtype == torch.int64  # (3 * 10 + 1 * 3) / 4, rounded


def test_averaging_equal_weights_changes_nothing(simulation):
    weights = {"w": torch.randn(5), "n": torch.tensor(7)}
    average = simulation.federated_average([weights, weights, weights], [5, 1, 2])
    assert all(torch.allclose(average[name], weights[name]) for name in weights)


@pytest.mark.slow
def test_two_sites_train_and_evaluate_one_network_for_two_rounds(simulation, tmp_path):
    sites = []
    overrides = TINY | {"views": ["2CH", "4CH"], "learning_rate": 1e-3}
    for seed, (quality, patients) in enumerate((("good", 2), ("poor", 1))):
        folder = tmp_path / quality
        settings = PhantomSettings((patients, 1, 0), (32, 32), seed, frames=3, qualities=[quality])
        data = write_camus_phantom(folder / "data", settings, progress=False)
        sites.append(simulation.open_site(quality, folder, data, overrides, local_epochs=1))
    assert [site.num_items for site in sites] == [4, 2]
    first = {name: value.clone() for name, value in sites[0].algo.get_weights().weights.items()}
    weights, scores = simulation.federate(sites, rounds=2)

    assert [sorted(row) for row in scores] == [["good", "poor"]] * 3
    assert all(0 <= dice <= 1 for row in scores for dice in row.values())
    assert weights.keys() == first.keys() and any(not torch.equal(weights[name], first[name]) for name in weights)
    assert [site.algo.trainer.state.epoch for site in sites] == [2, 2]
    expected = simulation.federated_average([site.algo.get_weights().weights for site in sites], [4, 2])
    assert all(torch.equal(weights[name], expected[name]) for name in weights)

    for site in sites:
        intensity = site.statistics["train"][FlStatistics.DATA_STATS]["image_stats"]["intensity"]
        assert 0 <= intensity["min"] < intensity["max"] <= 255
        for kind in (ModelType.BEST_MODEL, ModelType.FINAL_MODEL):
            stored = site.algo.get_weights({ExtraItems.MODEL_TYPE: kind}).weights
            assert stored.keys() == weights.keys()
