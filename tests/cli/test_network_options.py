"""The options of the network, which several commands share."""

from __future__ import annotations

import argparse

import pytest

from gdkvm_monai.cli.network_options import add_network_options


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_network_options(parser)
    return parser


def test_by_default_pytorch_runs_the_released_weights_once_per_frame_and_copy(parser):
    options = parser.parse_args([])
    assert options.weights is None and options.engine == "eager" and options.config == [] and options.tta == []
    assert not options.fast


def test_test_time_averaging_takes_one_or_both_kinds_and_its_help_states_the_cost(parser):
    assert parser.parse_args(["--tta", "scales"]).tta == ["scales"]
    assert parser.parse_args(["--tta", "mirror", "scales"]).tta == ["mirror", "scales"]
    assert all(f"{passes} times" in " ".join(parser.format_help().split()) for passes in (2, 3, 6))


@pytest.mark.parametrize("words", [("--tta", "zoom"), ("--tta",), ("--engine", "fastest")])
def test_unknown_choices_are_refused(parser, words, capsys):
    with pytest.raises(SystemExit):
        parser.parse_args(words)
    assert words[0] in capsys.readouterr().err
