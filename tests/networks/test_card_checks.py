"""A card contains only small, finite data that MONAI's config parser does not interpret."""

from __future__ import annotations

import pytest

from gdkvm_monai.networks.card_checks import check_plain, shorten


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -0.5, "resnet18", [1, [2, 3]], {"lv_dice": 0.9}, "100 % of it", "a@b.c", "Müller, 2019 – CAMUS"],
)
def test_plain_data_is_accepted(value):
    check_plain(value, "value")


@pytest.mark.parametrize(
    "value",
    [
        "$1+1",
        "@network",
        "%inference.json",
        "\t$1",
        "bell\a",
        "\x1b[2J",
        "right to left \u202e",
        "\ud800",
        "two\nlines",
        float("nan"),
        -float("inf"),
        10**12,
        "x" * 1001,
        [0] * 65,
        b"bytes",
    ],
)
def test_anything_else_is_refused_at_any_level(value):
    for place in (value, [value], {"width": [value]}):
        with pytest.raises(ValueError, match="^value") as info:
            check_plain(place, "value")
        assert "\n" not in str(info.value)


@pytest.mark.parametrize("key", ["_target_", "_disabled_", "+width", "network#width", "", 3])
def test_keys_that_the_config_parser_interprets_are_refused(key):
    with pytest.raises(ValueError, match="value has a key"):
        check_plain({key: 1}, "value")


def test_deep_nesting_is_refused():
    with pytest.raises(ValueError, match="value.0.0.0"):
        check_plain([[[[1]]]], "value")


def test_long_values_are_shortened_in_messages():
    assert len(shorten("x" * 1000)) == 60 and shorten(3) == "3"
