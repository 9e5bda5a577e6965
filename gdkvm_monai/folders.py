"""Folders that appear as a whole, and the hidden ones that killed processes leave behind."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gdkvm_monai.files import flush_tree

if TYPE_CHECKING:  # MONAI takes seconds to import
    from monai.config import PathLike

__all__ = ["atomic_folder", "hidden_prefix", "remove_abandoned"]


@contextmanager
def atomic_folder(path: PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Yield a path to write to in a hidden folder next to ``path``; on success, its content moves into place.

    A killed process leaves only the hidden folder, ``.gdkvm-*``, behind; :func:`remove_abandoned` deletes it.

    Args:
        path: file or folder to write. Other files written to the hidden folder are moved first.
        overwrite: whether to replace existing files and folders; a folder is replaced as a whole.

    Raises:
        FileExistsError: if a target exists and ``overwrite`` is False.
    """
    target = Path(path)
    _refuse_existing([target], overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=hidden_prefix(), dir=target.parent, ignore_cleanup_errors=True) as hidden:
        yield Path(hidden) / target.name
        written = sorted(Path(hidden).iterdir(), key=lambda entry: entry.name == target.name)
        _refuse_existing([target.parent / entry.name for entry in written], overwrite)
        flush_tree(hidden)
        for entry in written:
            final = target.parent / entry.name
            if final.is_dir():  # moved first, because a folder is incomplete while it is being removed
                os.replace(final, Path(hidden) / f".{entry.name}.replaced")
            os.replace(entry, final)


def hidden_prefix() -> str:
    """Return the beginning of the names of this process's hidden folders: ``.gdkvm-``, a hash of the host, the PID."""
    return f"{_host_prefix()}{os.getpid()}-"


def remove_abandoned(folder: PathLike) -> None:
    """Delete the hidden folders in ``folder`` that killed processes of this host left behind."""
    for path in Path(folder).glob(f"{_host_prefix()}*"):
        number = path.name.removeprefix(_host_prefix()).partition("-")[0]
        if number.isdecimal() and not _is_running(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _host_prefix() -> str:
    return f".gdkvm-{hashlib.sha256(platform.node().encode()).hexdigest()[:8]}-"


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:  # any other error: it belongs to another user
        return not isinstance(error, ProcessLookupError)
    return True


def _refuse_existing(paths: Sequence[Path], overwrite: bool) -> None:
    for path in paths:
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path} exists; choose another path, or allow it to be overwritten.")
