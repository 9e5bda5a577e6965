"""Work in a fork of the process, beside the work of the process itself."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

__all__ = ["in_background"]

GRACE_S = 5
"""How long the process may take to end after a signal."""


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
    if not sys.platform.startswith("linux") or multiprocessing.current_process().daemon:
        work()
        yield
        return
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, sender), daemon=True)
    with warnings.catch_warnings():  # the fork uses no lock that another thread could hold
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    sender.close()
    try:
        yield
        error = _result(receiver, process)
    finally:
        process.terminate()  # after an error of the body; otherwise, it has ended
        process.join(GRACE_S)
        process.kill()  # if it got the signal before it could handle it
        process.join()
        receiver.close()
    if error is not None:
        raise error


def _result(receiver: Connection, process: multiprocessing.Process) -> Exception | None:
    try:
        return receiver.recv()
    except EOFError:
        process.join()
        return OSError(f"the process that writes the overlay died with exit code {process.exitcode}; free memory.")


def _run(work: Callable[[], object], sender: Connection) -> None:
    """Send ``None`` or the error of the work; runs in the fork."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # temporary files are removed
    try:
        work()
        sender.send(None)
    except Exception as error:
        sender.send(error)
