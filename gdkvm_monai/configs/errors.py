"""What went wrong in a run of a config, below all that MONAI wraps around it."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["explain", "no_stacks_in_the_log"]

WRAPPERS = ("Failed to instantiate", "Failed to evaluate", "applying transform")
"""How the messages begin with which MONAI says where an error came up, not what it is."""


def explain(error: BaseException) -> str:
    """What went wrong, in one line: the message of the error below all that MONAI wraps around it.

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
    if message.startswith("Caught "):  # in a worker process, whose stack is the message; its first error is the root
        message = next(iter(re.findall(r"^[\w.]*(?:Error|Exception): (.+)$", message, re.MULTILINE)), message)
    message = " ".join(message.split()) or type(error).__name__
    return message if _is_ours(error) else f"{type(error).__name__}: {message}{place}"


@contextmanager
def no_stacks_in_the_log() -> Iterator[None]:
    """Keep messages in the log and leave out the stacks below them, with which MONAI's handlers log every error."""
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


def _is_ours(error: BaseException) -> bool:
    """Whether this package raised an error; its messages say by themselves what to do."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return not frames or frames[-1][0].f_globals.get("__name__", "").startswith("gdkvm_monai.")
