"""What the parts of a config refer to, and which arguments its components take."""

from __future__ import annotations

from gdkvm_monai.configs.references import accepted_arguments, nested_ids, references


def test_references_are_found_in_any_depth_and_spelling():
    content = {"a": "@b", "c": ["$@d::e + @f#g", {"h": "%i"}], "j": 3, "k": "no reference"}
    assert references(content) == {"b", "d#e", "f#g", "i"}


def test_ids_are_those_of_nested_dictionaries():
    assert list(nested_ids({"a": {"b": 1, "c": [{"d": 2}]}})) == ["a", "a#b", "a#c"]


def test_the_arguments_of_a_component_are_those_of_its_function_or_class():
    names = accepted_arguments({"_target_": "gdkvm_monai.networks.nets.GDKVM"})
    assert {"backbone", "width", "_target_", "_disabled_"} <= names and "self" not in names and "widht" not in names
    assert "root_dir" in accepted_arguments({"_target_": "gdkvm_monai.data.camus_datalist"})


def test_arguments_that_a_class_hands_on_are_those_of_the_class_behind_it():
    names = accepted_arguments({"_target_": "DataLoader"})  # MONAI's, on torch's
    assert {"dataset", "num_workers", "shuffle", "sampler"} <= names and "shufle" not in names


def test_any_argument_may_fit_where_the_target_is_not_known():
    for target in ("absent.module.Name", "$lambda: 1", "@other", 3):
        assert accepted_arguments({"_target_": target}) is None
