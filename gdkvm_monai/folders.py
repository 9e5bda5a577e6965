"""Folders that appear as a whole, the hidden ones that killed processes leave behind, and what folders hold."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gdkvm_monai.files import flush_tree

if TYPE_CHECKING:  # MONAI takes seconds to import
    from monai.config import PathLike

__all__ = ["atomic_folder", "find_paths", "hidden_prefix", "remove_abandoned"]


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


def find_paths(root: PathLike, pattern: str) -> tuple[list[Path], list[Path]]:
    """Find the files and folders below a folder that match a glob pattern.

    :meth:`pathlib.Path.glob` skips folders that cannot be listed in silence, and ends at a path that is too long.

    Args:
        root: folder.
        pattern: pattern relative to the folder, such as ``"**/*.dcm"``; ``**`` does not follow links.

    Returns:
        The paths that match, and the folders that cannot be listed although matches may be in them, both sorted.

    Raises:
        ValueError: if the pattern is empty or absolute.
    """
    parts = PurePath(pattern).parts
    if not parts or PurePath(pattern).is_absolute():
        raise ValueError(f"the pattern is {pattern!r}, expected one relative to the folder, such as **/*.dcm.")
    found, closed, waiting = set(), set(), [(Path(root), parts)]
    while waiting:
        folder, (first, *rest) = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            closed.add(folder)
            continue
        if first == "**":
            waiting += [(Path(entry.path), (first, *rest)) for entry in entries if _may_be_folder(entry, links=False)]
            waiting += [(folder, rest)] if rest else []
            found |= set() if rest else {folder}
        else:
            matches = [entry for entry in entries if fnmatchcase(entry.name, first)]
            waiting += [(Path(entry.path), rest) for entry in matches if rest and _may_be_folder(entry, links=True)]
            found |= set() if rest else {Path(entry.path) for entry in matches}
    return sorted(found), sorted(closed)


def _may_be_folder(entry: os.DirEntry, links: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:
        return True


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
