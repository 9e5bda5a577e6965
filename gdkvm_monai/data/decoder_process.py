"""Decoding in another process, so that a decoder that crashes ends only its clip."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache, partial
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.pool import ExceptionWithTraceback
from typing import Any

import numpy as np
from monai.config import PathLike

from gdkvm_monai.data.clip import ClipReadError, ClipStream, ReadOptions

__all__ = ["can_fork", "forked", "open_apart"]

Files = PathLike | Iterable[PathLike]
Opener = Callable[[Any, ReadOptions], ClipStream]
PATIENCE_S, GRACE_S = 300, 5  # for one frame, and for the end
LAZY = ("av", "pydicom.pixels", "SimpleITK")  # imported once here, not in every process


def open_apart(open_file: Opener, files: Files, options: ReadOptions) -> ClipStream:
    """Open and decode a clip in another process, a new one for each iteration after the first.

    The process is a fork, which costs milliseconds; frames arrive through a pipe while the next one is decoded. Where
    forking is not safe (macOS, Windows, daemonic processes), the clip is decoded in this process.

    Args:
        open_file: opens the clip, such as :func:`~gdkvm_monai.data.open.open_clip`.
        files: its first argument, the path or paths of the clip.
        options: its second argument.

    Raises:
        ClipReadError: also if the decoder crashes, or is killed because memory ran out.
        Exception: any other error of ``open_file``.

    Example:
        >>> import tempfile
        >>> from gdkvm_monai.data import open_clip
        >>> path = os.path.join(tempfile.mkdtemp(), "clip.npy")
        >>> np.save(path, np.zeros((4, 3, 2)))
        >>> len(list(open_apart(open_clip, path, ReadOptions())))
        2
    """
    if not can_fork():
        return open_file(files, options)
    start = partial(_run_apart, partial(_decode, open_file, files, options), files)
    first = start()
    shape, count, affine, meta = next(first)
    unread = [first]

    def read() -> Iterator[np.ndarray]:
        items = unread.pop() if unread else start()
        with closing(items):
            for item in items:
                if isinstance(item, np.ndarray):
                    yield item
                elif isinstance(item, dict):
                    meta.update(item)

    return ClipStream(shape, count, affine, meta, read)


def _decode(open_file: Opener, files: Files, options: ReadOptions) -> Iterator[Any]:
    """Yield what the header states, the frames, and the metadata, which are final then."""
    with open_file(files, options) as stream:
        yield stream.shape, stream.count, stream.affine, stream.meta
        yield from stream
        yield stream.meta


def can_fork() -> bool:
    """Return whether forking is safe: not on macOS and Windows, and not in daemonic processes."""
    return sys.platform.startswith("linux") and not multiprocessing.current_process().daemon


@contextmanager
def forked(target: Callable[..., None], work: object) -> Iterator[tuple[Connection, multiprocessing.Process]]:
    """Run ``target(work, sender)`` in a fork of this process, which ends with the body.

    Args:
        target: sends to ``sender``; SIGTERM ends it by :class:`SystemExit`, so that temporary files are removed.
        work: its first argument.

    Yields:
        The connection to receive from, and the process.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))  # until the fork can handle them
    try:
        process = context.Process(target=_begin, args=(target, work, receiver, sender, mask), daemon=True)
        with warnings.catch_warnings():  # the fork uses no lock that another thread could hold
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    sender.close()
    try:
        yield receiver, process
    finally:
        process.terminate()
        process.join(GRACE_S)
        process.kill()  # if a decoder does not return in time
        process.join()
        receiver.close()


def _begin(
    target: Callable[..., None], work: object, receiver: Connection, sender: Connection, mask: set[signal.Signals]
) -> None:
    """Handle signals, then run the target; runs in the fork."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    receiver.close()  # so that a send fails when the parent is gone
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    target(work, sender)


def _run_apart(generate: Callable[[], Iterator[Any]], files: Files) -> Iterator[Any]:
    """Run a generator in a fork of this process, and yield what it yields."""
    _import_decoders()
    with forked(_serve, generate) as (receiver, process):
        try:
            while (message := _receive(receiver, files)) is not None:
                kind, value = message
                if kind == "error":
                    raise value
                yield value
        except EOFError as error:
            process.join()
            raise ClipReadError(_crash(files, process.exitcode)) from error


def _receive(receiver: Connection, files: Files) -> tuple[str, Any] | None:
    if not receiver.poll(PATIENCE_S):
        raise ClipReadError(f"{_named(files)} gave no frame in {PATIENCE_S} s; its decoder was stopped, copy it again.")
    try:
        return receiver.recv()
    except OSError as error:  # the decoder died in the middle of a message
        raise EOFError from error


@lru_cache(maxsize=1)
def _import_decoders() -> None:
    for name in LAZY:
        with suppress(ImportError):
            import_module(name)


def _serve(generate: Callable[[], Iterator[Any]], sender: Connection) -> None:
    """Send items, then ``None``, or an error with its traceback; runs in the fork."""
    gc.disable()  # a collection would copy the memory that the fork shares
    try:
        with closing(generate()) as items:
            for item in items:
                sender.send(("item", item))
        sender.send(None)
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        sender.send(("error", ExceptionWithTraceback(error, error.__traceback__)))


def _named(files: Files) -> str:
    return str(files) if isinstance(files, (str, os.PathLike)) else " and ".join(map(str, files))


def _crash(files: Files, code: int | None) -> str:
    named = _named(files)
    if code == -signal.SIGKILL:
        return f"{named} could not be decoded: the decoder was killed, probably because memory ran out; free memory."
    name = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
    return f"{named} is damaged: its decoder crashed ({name}); export the clip again."
