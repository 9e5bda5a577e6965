"""A state is resumed only if it is complete, at an iteration of its run, and holds usable values."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.handlers.checkpoint_state import ENTRIES, FORMAT, fault_of_state

NAN = float("nan")


def state_with(**parts) -> dict:
    """A complete state of a run of two epochs of five iterations."""
    trainer = {"iteration": 4, "max_epochs": 2, "epoch_length": 5}
    entries = {"config": "{}", "config_sha256": "", "processes": 1, "validated": False, "finished": False}
    return {"format": FORMAT, **entries, "parts": {"trainer": trainer, **parts}}


def test_a_complete_state_has_no_fault_although_scores_are_undefined():
    state = state_with(network={"weight": torch.ones(3)}, training_scores={"processes": [{"dice": torch.tensor(NAN)}]})
    assert fault_of_state(state) == ""


@pytest.mark.parametrize("name", ENTRIES)
def test_a_missing_entry_is_named(name):
    state = state_with()
    del state[name]
    assert fault_of_state(state).endswith(f"has no {name}")


@pytest.mark.parametrize("content", [[1, 2], {}, {"format": "another program 1"}])
def test_a_foreign_state_is_recognized(content):
    assert fault_of_state(content) == "is not the checkpoint of a training run"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iteration": -1}, "iteration -1"),
        ({"iteration": 2.5}, "iteration 2.5"),
        ({"iteration": True}, "iteration True"),
        ({"iteration": "4"}, "iteration '4'"),
        ({"iteration": 11}, "iteration 11 of 10"),
        ({"max_epochs": None}, "max_epochs None"),
        ({"epoch_length": -5}, "epoch_length -5"),
    ],
)
def test_an_iteration_that_the_run_does_not_have_is_named(changes, words):
    state = state_with()
    state["parts"]["trainer"].update(changes)
    assert words in fault_of_state(state)


def test_a_state_without_a_trainer_is_incomplete():
    assert fault_of_state(state_with(trainer=None)) == "is incomplete: it has no trainer"


@pytest.mark.parametrize("part", ["network", "optimizer", "weight_average"])
def test_values_that_are_not_finite_are_named(part):
    state = state_with(**{part: {"state": [{"exp_avg": torch.tensor([1.0, NAN])}]}})
    assert fault_of_state(state) == f"cannot be resumed: {part}.state.0.exp_avg has values that are not finite"


def test_values_that_the_file_does_not_hold_are_named():
    state = state_with(training_scores=[torch.ones(1).expand(1 << 40)])
    assert "training_scores.0 claims 1099511627776 values" in fault_of_state(state)
