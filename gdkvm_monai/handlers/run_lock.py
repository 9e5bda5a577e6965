"""One training run at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import ignite.distributed as idist
from filelock import FileLock, Timeout

__all__ = ["run_lock"]


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a run's folder; the system releases it if the process is killed.

    In distributed training, the first process holds it.

    Args:
        folder: folder of the run, created if missing.

    Raises:
        RuntimeError: if another process trains in this folder.
    """
    if idist.get_rank() != 0:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RuntimeError(
            f"another process is training in {folder.parent}; wait until it has ended, or choose another --run_dir."
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / ".lock").unlink()
            folder.rmdir()  # if the run wrote nothing
        lock.release()
