"""Shared parts of the subcommands: exit codes, parsers, and one-line errors."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from gdkvm_monai.labels import parse_view

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "OK",
    "WRONG_USE",
    "ef_text",
    "new_parser",
    "output_path",
    "report",
    "view_name",
    "wants_traceback",
    "with_options",
]

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def new_parser(name: str, description: str | None, **settings) -> argparse.ArgumentParser:
    """Build the parser of ``gdkvm NAME``; the line breaks of its description are kept."""
    parser = argparse.ArgumentParser(
        prog=f"gdkvm {name}".strip(),
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        **settings,
    )
    parser.add_argument("--traceback", action="store_true", help="print the traceback of an error")
    return parser


def view_name(text: str) -> str:
    """Parse an option that names a view: 4CH (A4C) or 2CH (A2C)."""
    try:
        return parse_view(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def output_path(text: str) -> Path:
    """Return the path of an output, for ``argparse``; an unset variable in a script must not mean the current folder.

    Raises:
        ArgumentTypeError: if it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("is empty, expected a path; write . for the current folder")
    return Path(text)


def wants_traceback(arguments: Sequence[str]) -> bool:
    """Return whether tracebacks are requested by ``--traceback`` or the environment variable ``GDKVM_TRACEBACK=1``."""
    return "--traceback" in arguments or os.environ.get("GDKVM_TRACEBACK", "0") not in ("", "0")


def report(error: BaseException, whole: bool, message: str | None = None, hint: bool = False) -> None:
    """Print an error in one line, after its traceback if requested.

    Args:
        error: error that was raised.
        whole: whether to print the traceback first.
        message: replaces the message of the error.
        hint: whether to say how to see the traceback.
    """
    if whole:
        traceback.print_exception(error)
    text = " ".join(with_options(message or _message(error)).split())
    print(f"gdkvm: {text}{' (--traceback shows the traceback)' if hint and not whole else ''}", file=sys.stderr)


def ef_text(ef_percent: float | None, withheld: str) -> str:
    """Return an ejection fraction for the terminal, or why there is none.

    Example:
        >>> ef_text(54.6, ""), ef_text(None, "the clip has one frame.")
        ('EF 55 %', 'no EF: the clip has one frame')
    """
    return f"EF {ef_percent:.0f} %" if ef_percent is not None else f"no EF: {withheld.rstrip('.')}"


def with_options(message: str) -> str:
    """Return a message with advice in terms of command-line options instead of the Python API.

    Example:
        >>> with_options("out is not empty; set overwrite to replace it.")
        'out is not empty; use --overwrite to replace it.'
    """
    return re.sub(r"\bset (overwrite|force|allow_partial)\b", lambda match: f"use {_option(match[1])}", message)


def _message(error: BaseException) -> str:
    """Return the message of an error; one of the operating system without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}; check the path."
    return str(error)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
