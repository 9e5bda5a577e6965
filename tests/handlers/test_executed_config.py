"""The config that is executed, with everything that was overridden."""

from __future__ import annotations

import json

from monai.bundle import ConfigParser

from gdkvm_monai.handlers.executed_config import config_sha256, executed_config, first_change


def test_a_config_finds_itself_with_its_overrides():
    parser = ConfigParser({"epochs": 3, "run": {"_target_": "gdkvm_monai.handlers.executed_config"}})
    parser.update({"epochs": 5, "run#_desc_": "a note"})
    found = json.loads(parser.get_parsed_content("run"))
    assert found["epochs"] == 5 and found["run"]["_desc_"] == "a note"


def test_outside_of_a_config_there_is_none():
    assert executed_config() == "{}"


def test_the_places_and_the_speed_of_a_run_do_not_change_its_config():
    old = {"epochs": 3, "dataset_dir": "/a", "num_workers": 0, "resume": False}
    new = {"epochs": 3, "dataset_dir": "/b", "num_workers": 4, "resume": True}
    assert config_sha256(json.dumps(old)) == config_sha256(json.dumps(new))
    assert first_change(json.dumps(old), json.dumps(new)) == ""


def test_every_other_id_changes_the_config_and_the_change_is_named():
    old = {"lr": 0.1, "train": {"steps": [{"prob": 0.5}, {"prob": 0.2}]}}
    new = {"lr": 0.1, "train": {"steps": [{"prob": 0.5}, {"prob": 0.3}]}, "extra": 1}
    assert config_sha256(json.dumps(old)) != config_sha256(json.dumps(new))
    change = first_change(json.dumps(old), json.dumps(new))
    assert "train#steps#1#prob was 0.2 and is 0.3" in change and "1 other ID" in change
    assert "extra was absent and is 1" in first_change("{}", '{"extra": 1}')


def test_long_values_are_shortened():
    assert len(first_change('{"a": "b"}', json.dumps({"a": "c" * 1000}))) < 100
