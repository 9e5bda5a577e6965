"""Shared parts of the subcommands: parsers and one-line errors."""

from __future__ import annotations

import argparse

import pytest

from gdkvm_monai.cli.command import new_parser, report, view_name, wants_traceback, with_options


def test_a_parser_is_named_after_its_command_and_keeps_line_breaks():
    text = new_parser("export network", "first line\n  second line").format_help()
    assert "usage: gdkvm export network" in text and "first line\n  second line" in text and "--traceback" in text


def test_both_names_of_a_view_are_accepted_and_others_are_refused():
    assert [view_name(name) for name in ("4CH", "A4C", "a2c")] == ["4CH", "4CH", "2CH"]
    with pytest.raises(argparse.ArgumentTypeError, match="PLAX"):
        view_name("PLAX")


def test_an_error_is_one_line_after_its_traceback_on_request(capsys):
    error = ValueError("a.npy is broken;\n  set overwrite to replace it.")
    report(error, whole=False, hint=True)
    line = capsys.readouterr().err
    assert line == "gdkvm: a.npy is broken; use --overwrite to replace it. (--traceback shows the traceback)\n"
    report(error, whole=True, hint=True)
    whole = capsys.readouterr().err
    assert "ValueError" in whole and "--traceback" not in whole and whole.splitlines()[-1] in line


@pytest.mark.parametrize(("value", "wanted"), [(None, False), ("", False), ("0", False), ("1", True)])
def test_the_environment_can_request_the_traceback(value, wanted, monkeypatch):
    monkeypatch.delenv("GDKVM_TRACEBACK", raising=False)
    if value is not None:
        monkeypatch.setenv("GDKVM_TRACEBACK", value)
    assert wants_traceback(["compare"]) == wanted and wants_traceback(["compare", "--traceback"])


def test_advice_for_the_python_api_becomes_options():
    assert (
        with_options("set force, or set allow_partial to read it") == "use --force, or use --allow-partial to read it"
    )
    assert with_options("reset overwrite") == "reset overwrite"
