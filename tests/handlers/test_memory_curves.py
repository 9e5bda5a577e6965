"""The table holds the gates, gradients, and states of every recorded iteration."""

from __future__ import annotations

import csv

import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedTrainer
from PIL import Image

from gdkvm_monai.handlers import GradientCheckpointing, MemoryCurves
from gdkvm_monai.networks.layers import effective_rank
from gdkvm_monai.networks.nets import GDKVM, ConvLSTMUNet

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 4, "value_channels": 8, "decoder_width": 16}


def make_trainer(network: GDKVM, iterations: int = 4, loss=None) -> SupervisedTrainer:
    torch.manual_seed(0)
    batch = {"image": torch.rand(2, 1, 32, 32, 3), "label": torch.zeros(2, 1)}
    return SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[batch] * iterations,
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=0.01),
        loss_function=loss or (lambda logits, label: logits.square().mean()),
    )


def small_network(**options) -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**{**SMALL, **options})


def read(folder) -> dict[str, list[tuple[int, float]]]:
    with open(folder / "memory_curves.csv", newline="") as file:
        rows = [(row["series"], int(row["iteration"]), float(row["value"])) for row in csv.DictReader(file)]
    return {name: [row[1:] for row in rows if row[0] == name] for name in dict.fromkeys(row[0] for row in rows)}


def test_the_table_holds_quantiles_ranks_and_norms_of_every_second_iteration(tmp_path):
    network = small_network()
    states = {}
    trainer = make_trainer(network)
    handler = MemoryCurves(tmp_path, network, interval=2)
    handler.attach(trainer)

    @trainer.on(Events.ITERATION_COMPLETED(every=2))
    def keep(engine):
        states[engine.state.iteration] = handler.watch.writes

    trainer.run()
    series = read(tmp_path)
    assert all([step for step, _ in points] == [2, 4] for points in series.values())
    for index, (iteration, writes) in enumerate(states.items()):
        alpha = torch.cat([write.gates["alpha"].flatten() for write in writes])
        gradient = torch.cat([write.gradients["beta"].flatten() for write in writes if "beta" in write.gradients])
        expected = {
            "alpha q0": alpha.min(),
            "alpha q0.5": alpha.quantile(0.5, interpolation="nearest"),
            "beta gradient q1": gradient.max(),
            "effective rank, last frame": effective_rank(writes[-1].state).mean(),
            "norm, first frame": writes[0].state.flatten(1).norm(dim=1).mean(),
        }
        for name, value in expected.items():
            assert series[name][index] == (iteration, pytest.approx(float(value), rel=1e-5)), name
        assert -1 <= series["correlation"][index][1] <= 1
    assert Image.open(tmp_path / "memory_curves.png").size == (1320, 660)


def test_a_rule_without_gates_has_the_state_only(tmp_path):
    network = small_network(update_rule="additive")
    trainer = make_trainer(network)
    MemoryCurves(tmp_path, network, interval=1).attach(trainer)
    trainer.run()
    places = [f"{name}, {place} frame" for place in ("first", "last") for name in ("effective rank", "norm")]
    assert list(read(tmp_path)) == places


def test_training_is_the_same_with_and_without_it(tmp_path):
    weights = []
    for recorded in (False, True):
        network = small_network()
        trainer = make_trainer(network)
        if recorded:
            MemoryCurves(tmp_path, network, interval=1).attach(trainer)
        trainer.run()
        weights.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    assert torch.equal(*weights)


def test_the_table_is_the_same_with_gradient_checkpointing(tmp_path):
    tables = []
    for folder, recomputed in (("plain", False), ("recomputed", True)):
        network = small_network()
        if recomputed:
            GradientCheckpointing(network)
        trainer = make_trainer(network)
        MemoryCurves(tmp_path / folder, network, interval=2).attach(trainer)
        trainer.run()
        tables.append(read(tmp_path / folder))
    assert tables[0] == tables[1]


def test_a_run_that_fails_in_its_first_epoch_leaves_the_table(tmp_path):
    network = small_network()
    factors = [1.0, 1.0]

    def loss(logits, label):
        return logits.square().mean() * factors.pop()

    trainer = make_trainer(network, loss=loss)
    MemoryCurves(tmp_path, network, interval=1).attach(trainer)
    with pytest.raises(IndexError):
        trainer.run()
    assert [step for step, _ in read(tmp_path)["norm, last frame"]] == [1, 2]


def test_a_resumed_run_keeps_the_earlier_records(tmp_path):
    network = small_network()
    first = MemoryCurves(tmp_path, network, interval=1)
    trainer = make_trainer(network, 2)
    first.attach(trainer)
    trainer.run()
    again = MemoryCurves(tmp_path, network, interval=1)
    again.load_state_dict(first.state_dict())
    trainer = make_trainer(network, 1)
    again.attach(trainer)
    trainer.run()
    assert [step for step, _ in read(tmp_path)["norm, last frame"]] == [1, 2, 1]


def test_a_network_without_the_memory_and_an_interval_of_zero_are_refused(tmp_path):
    with pytest.raises(ValueError, match="network is a ConvLSTMUNet, expected one with a GatedDeltaMemory"):
        MemoryCurves(tmp_path, ConvLSTMUNet(features=[8] * 6))
    with pytest.raises(ValueError, match="interval is 0"):
        MemoryCurves(tmp_path, small_network(), interval=0)
