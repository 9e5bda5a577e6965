"""Work in a fork of the process, beside the work of the process itself."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from gdkvm_monai.data.decoder_process import can_fork, forked

__all__ = ["in_background"]


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
        error = _result(receiver, process)
    if error is not None:
        raise error


def _result(receiver: Connection, process: multiprocessing.Process) -> Exception | None:
    try:
        return receiver.recv()
    except EOFError:
        process.join()
        return OSError(f"the process that writes the overlay died with exit code {process.exitcode}; free memory.")


def _run(work: Callable[[], object], receiver: Connection, sender: Connection) -> None:
    """Send ``None`` or the error of the work; runs in the fork."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # temporary files are removed
    receiver.close()
    try:
        work()
        sender.send(None)
    except Exception as error:
        sender.send(error)
