"""The root cause of an error in a config run, without MONAI's wrappers."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["explain", "is_ours", "no_stacks_in_the_log"]

WRAPPERS = ("Failed to instantiate", "Failed to evaluate", "applying transform")
"""Prefixes of MONAI's messages that tell where an error occurred, not what it is."""


def explain(error: BaseException) -> str:
    """Return the message of the root cause of an error, in one line.

    Example:
        >>> explain(RuntimeError("applying transform Flip"))
        'applying transform Flip'
    """
    place = ""
    while str(error).startswith(WRAPPERS) and (error.__cause__ or error.__context__):
        found = re.match(r"Failed to instantiate component '([^']+)'", str(error))
        place = f" (in {found[1]})" if found else place
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if isinstance(error, OSError) and error.strerror:
        message = f"{error.filename}: {error.strerror}"
    # a worker process sends its traceback as the message; the first error in it is the root cause
    if message.startswith("Caught "):
        message = next(iter(re.findall(r"^[\w.]*(?:Error|Exception): (.+)$", message, re.MULTILINE)), message)
    message = " ".join(message.split()) or type(error).__name__
    return message if is_ours(error) else f"{type(error).__name__}: {message}{place}"


@contextmanager
def no_stacks_in_the_log() -> Iterator[None]:
    """Remove tracebacks, which MONAI's handlers add for every error, from log records and keep the messages."""
    make = logging.getLogRecordFactory()

    def without_stack(*arguments, **options) -> logging.LogRecord:
        record = make(*arguments, **options)
        record.exc_info = None
        return record

    logging.setLogRecordFactory(without_stack)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


def is_ours(error: BaseException) -> bool:
    """Return whether this package raised the error; its messages need no further context."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return not frames or frames[-1][0].f_globals.get("__name__", "").startswith("gdkvm_monai.")
