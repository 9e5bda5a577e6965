"""Config overrides of the form ``id=value``."""

from __future__ import annotations

import pytest

from gdkvm_monai.configs.overrides import parse_overrides


def test_a_value_is_a_literal_or_a_string():
    entries = ["a=1", "b#c=[1, 2.5]", "d=None", "e=resnet18", "f=$@a + 1", "g=x=y", "h="]
    expected = {"a": 1, "b#c": [1, 2.5], "d": None, "e": "resnet18", "f": "$@a + 1", "g": "x=y", "h": ""}
    assert parse_overrides(entries) == expected


@pytest.mark.parametrize("entry", ["width", "=8", ""])
def test_the_error_names_an_entry_that_is_not_an_id_with_a_value(entry):
    with pytest.raises(ValueError, match=f"override '{entry}'"):
        parse_overrides([entry])
