"""References between the parts of a config, and the arguments that its components accept."""

from __future__ import annotations

from gdkvm_monai.configs.references import accepted_arguments, nested_ids, references


def test_references_are_found_at_any_depth_and_in_any_spelling():
    content = {"a": "@b", "c": ["$@d::e + @f#g", {"h": "%i"}], "j": 3, "k": "no reference"}
    assert references(content) == {"b", "d#e", "f#g", "i"}


def test_ids_include_nested_dictionaries():
    assert list(nested_ids({"a": {"b": 1, "c": [{"d": 2}]}})) == ["a", "a#b", "a#c"]


def test_a_component_accepts_the_arguments_of_its_function_or_class():
    names = accepted_arguments({"_target_": "gdkvm_monai.networks.nets.GDKVM"})
    assert {"backbone", "width", "_target_", "_disabled_"} <= names and "self" not in names and "widht" not in names
    assert "root_dir" in accepted_arguments({"_target_": "gdkvm_monai.data.camus_datalist"})


def test_a_class_also_accepts_the_arguments_of_its_base():
    names = accepted_arguments({"_target_": "DataLoader"})  # MONAI's, on torch's
    assert {"dataset", "num_workers", "shuffle", "sampler"} <= names and "shufle" not in names


def test_an_unknown_target_accepts_any_argument():
    for target in ("absent.module.Name", "$lambda: 1", "@other", 3):
        assert accepted_arguments({"_target_": target}) is None
