"""Work in a fork of the process, beside the work of the process itself."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.pool import ExceptionWithTraceback
from typing import Any, TypeVar

from gdkvm_monai.data.decoder_process import can_fork, forked

__all__ = ["in_background", "map_in_background"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[None]:
    """Do work, such as writing a file, while the body of the ``with`` statement runs.

    Where forking is not safe (macOS, Windows, daemonic processes), the work is done before the body.

    Args:
        work: called without arguments; its result is dropped. It must not change what the body reads.

    Raises:
        OSError: if the process that does the work dies.
        Exception: an error of the work, after the body has ended.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "done")
        ...     with in_background(path.touch):
        ...         pass
        ...     path.exists()
        True
    """
    if not can_fork():
        work()
        yield
        return
    with forked(_run, work) as (receiver, process):
        yield
        _result(receiver, process)


def map_in_background(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield the function's result for each item, in order, while the next item is made.

    One process works on one item at a time, so that at most two are in memory. Where forking is not safe, the
    function is called in this process.

    Args:
        function: called with each item in the other process, whose memory it cannot share: it must return its result.
        items: made in this process, one by one; items and results must be picklable.

    Raises:
        OSError: if the process that does the work dies.
        Exception: an error of the function.

    Example:
        >>> list(map_in_background(abs, [-1, 2, -3]))
        [1, 2, 3]
    """
    if not can_fork():
        yield from map(function, items)
        return
    inbox, outbox = multiprocessing.get_context("fork").Pipe(duplex=False)
    with outbox, forked(_map, (function, inbox, outbox)) as (receiver, process):
        inbox.close()
        at_work = False
        for item in items:
            done = [_result(receiver, process)] if at_work else []  # first, so that neither waits for the other to read
            with suppress(BrokenPipeError):  # the process has died, which the next result says
                outbox.send(item)
            at_work = True
            yield from done
        if at_work:
            yield _result(receiver, process)


def _result(receiver: Connection, process: multiprocessing.Process) -> Any:
    """Receive the result of the work, or raise its error."""
    try:
        value = receiver.recv()
    except (EOFError, OSError) as error:  # the process died, perhaps in the middle of a message
        process.join()
        raise OSError(f"a process of this command died with exit code {process.exitcode}; free memory.") from error
    if isinstance(value, Exception):
        raise value
    return value


def _run(work: Callable[[], object], sender: Connection) -> None:
    """Send ``None`` or the error of the work; runs in the fork."""
    try:
        work()
        sender.send(None)
    except Exception as error:
        sender.send(error)


def _map(work: tuple[Callable[[Any], object], Connection, Connection], sender: Connection) -> None:
    """Receive items and send results until there are no more items or there is an error; runs in the fork."""
    function, inbox, outbox = work
    outbox.close()  # so that receiving fails when the parent is gone
    try:
        while True:
            try:
                item = inbox.recv()
            except EOFError:
                return
            sender.send(function(item))
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        sender.send(ExceptionWithTraceback(error, error.__traceback__))
