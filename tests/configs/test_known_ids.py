"""An ID has an effect if the config has it, a component accepts it, or something refers to it."""

from __future__ import annotations

import pytest
from monai.bundle import ConfigParser

from gdkvm_monai.configs.known_ids import KnownIds

CONFIG = {
    "rate": 0.1,
    "sizes": [32, 64],
    "dropout": {"_target_": "torch.nn.Dropout", "p": "@rate"},
    "steps": {"each": [{"_target_": "torch.nn.ReLU"}]},
}


def known(changes: dict | None = None, used: tuple[str, ...] = ("rate",)) -> KnownIds:
    after = ConfigParser({**CONFIG, **(changes or {})})
    return KnownIds(ConfigParser(CONFIG), after, used)


@pytest.mark.parametrize("key", ["rate", "sizes#1", "dropout#p", "dropout#inplace", "steps#each#0#inplace", "steps"])
def test_ids_of_the_config_and_arguments_of_its_components_have_an_effect(key):
    assert list(known().without_effect(key, 1)) == []


@pytest.mark.parametrize("key", ["rat", "sizes#2", "dropout#q", "steps#each#0#inplac", "steps#other", "rate#0", "no#p"])
def test_any_other_id_has_none(key):
    assert list(known().without_effect(key, 1)) == [key]


def test_a_new_id_has_an_effect_if_something_refers_to_it_or_to_a_part_of_it():
    assert list(known({"decay": 1}).without_effect("decay", 1)) == ["decay"]
    for used in ("decay", "decay#first"):
        assert list(known({"decay": 1}, (used,)).without_effect("decay", 1)) == []


def test_each_id_inside_a_value_is_looked_up_and_a_list_is_counted_from_its_first_entry():
    value = [{"_target_": "torch.nn.ReLU", "inplac": True}]
    after = {"steps": {"each": [*CONFIG["steps"]["each"], *value]}}
    assert list(known(after).without_effect("steps#each", value, 1)) == ["steps#each#1#inplac"]
    assert list(known().without_effect("dropout", {"p": 1, "q": 2, "r": 3})) == ["dropout#q", "dropout#r"]


def test_a_component_that_replaces_another_accepts_its_own_arguments():
    after = {"dropout": {"_target_": "torch.nn.Linear", "in_features": 1, "p": 1}}
    assert list(known(after).without_effect("dropout", after["dropout"])) == []  # p is an ID of the config before
    assert list(known(after).without_effect("dropout#bias", False)) == []
    assert list(known().without_effect("dropout#bias", False)) == ["dropout#bias"]


@pytest.mark.parametrize(
    ("key", "nearest"), [("rat", "rate"), ("dropout#inplac", "dropout#inplace"), ("p", "dropout#p"), ("step", "steps")]
)
def test_the_advice_is_the_nearest_id(key, nearest):
    assert known().advice(key, "--") == f"did you mean --{nearest}?"


def test_without_a_near_id_the_advice_is_the_config():
    assert known().advice("unrelated_name") == "see the config for valid IDs."
