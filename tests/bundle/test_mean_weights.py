"""The mean of weights that share a start is a network with a card of its own."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import mean_weights
from gdkvm_monai.files import file_sha256
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.networks.nets import GDKVM

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}
FACTS = {"trained_on": "CAMUS", "domain": "CAMUS", "license": "CC", "initial_weights": "model.pt, SHA-256 0"}


def write(folder: Path, name: str, seed: int, card: dict | None = None, half: bool = False, **options) -> Path:
    """Write weights that depend on a seed, in a folder with their card."""
    torch.manual_seed(seed)
    network = GDKVM(**{**SMALL, **options})
    for value in network.state_dict().values():
        value.copy_(torch.rand(value.shape) if value.is_floating_point() else torch.full_like(value, seed))
    network = network.half() if half else network
    path = folder / name / "model.pt"
    path.parent.mkdir()
    torch.save(network.state_dict(), path)
    facts = {"iterations": 100 * seed, "intensity_mean": (0.1 * seed, 0.5), "scores": {"lv_dice": 0.9}}
    described = ModelCard("GDKVM", network.options, (32, 32), **FACTS, **facts, weights_sha256=(file_sha256(path),))
    replace(described, **(card or {})).write(path.with_name("model.json"))
    return path


@pytest.fixture
def first(tmp_path) -> Path:
    return write(tmp_path, "first", 1)


def test_floating_tensors_are_averaged_in_float32_and_counters_are_those_of_the_first(first, tmp_path):
    paths = [first, write(tmp_path, "second", 2, half=True), write(tmp_path, "third", 3)]
    mean_weights.write_mean(paths, tmp_path / "mean" / "model.pt")
    found, *states = (torch.load(path, weights_only=True) for path in (tmp_path / "mean" / "model.pt", *paths))
    assert found.keys() == states[0].keys() and any(name.endswith("running_var") for name in found)
    for name, value in found.items():
        if value.is_floating_point():
            assert value.dtype == torch.float32
            torch.testing.assert_close(value, sum(state[name].double() for state in states).float() / 3)
        else:
            assert torch.equal(value, states[0][name]) and (value == 1).all()


def test_the_mean_loads_with_its_card_which_names_all_sources_and_no_scores(first, tmp_path):
    second = write(tmp_path, "second", 2, dropout=0.1)
    out = tmp_path / "mean.pt"
    written = mean_weights.write_mean([first, second], out)
    card = read_card(out)
    assert card == written and card.weights_sha256 == (file_sha256(out),)
    load_weights(card.build_network(), out)
    assert all(file_sha256(path) in card.command for path in (first, second))
    assert card.scores == {} and card.iterations == 200 and card.intensity_mean == (0.1, 0.5)
    assert card.initial_weights == FACTS["initial_weights"]


@pytest.mark.parametrize(
    ("card", "options", "named"),
    [
        ({"initial_weights": "other.pt"}, {}, "initial_weights is other.pt"),
        ({"license": "Apache-2.0"}, {}, "license is Apache-2.0"),
        ({"frame_size": (64, 64)}, {}, r"frame_size is \(64, 64\)"),
        ({}, {"key_position": True}, "network is .*'key_position': True"),
        ({"network": "", "network_options": None}, {}, "no card that describes its network"),
    ],
)
def test_weights_that_do_not_belong_together_are_refused(card, options, named, first, tmp_path):
    with pytest.raises(ValueError, match=named):
        mean_weights.write_mean([first, write(tmp_path, "second", 2, card, **options)], tmp_path / "mean.pt")
    assert not (tmp_path / "mean.pt").exists()


def test_tensors_of_another_shape_than_the_card_says_are_refused_by_name(first, tmp_path):
    second = write(tmp_path, "second", 2)
    state = torch.load(second, weights_only=True)
    name = next(iter(state))
    torch.save({**state, name: state[name][:1]}, second)
    replace(read_card(second, check_weights=False), weights_sha256=None).write(second.with_name("model.json"))
    with pytest.raises(ValueError, match=f"{name} has the shape"):
        mean_weights.write_mean([first, second], tmp_path / "mean.pt")


def test_one_file_twice_is_no_mean_and_nothing_is_replaced(first, tmp_path):
    for paths in ([first], [first, first]):
        with pytest.raises(ValueError, match="1 different"):
            mean_weights.write_mean(paths, tmp_path / "mean.pt")
    with pytest.raises(FileExistsError, match="model.pt exists"):
        mean_weights.write_mean([first, write(tmp_path, "second", 2)], first)


@pytest.mark.parametrize(("start", "warned"), [("model.pt, SHA-256 0", False), ("", True)])
def test_the_command_warns_unless_the_cards_name_a_common_start(start, warned, tmp_path, monkeypatch, capsys):
    paths = [str(write(tmp_path, name, seed, {"initial_weights": start})) for name, seed in (("a", 1), ("b", 2))]
    monkeypatch.setattr(sys, "argv", ["mean_weights", *paths, "-o", str(tmp_path / "mean.pt")])
    mean_weights.main()
    printed = capsys.readouterr().out
    assert ("warning" in printed) == warned and file_sha256(tmp_path / "mean.pt") in printed
    with pytest.raises(SystemExit, match="exists"):
        mean_weights.main()
