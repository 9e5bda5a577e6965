"""The map from clips to results folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gdkvm_monai.files import write_csv
from gdkvm_monai.study.tasks import Task, check_writable

__all__ = ["check_map", "write_map"]

COLUMNS = ("position", "path", "id")


def check_map(path: Path) -> None:
    """Make sure that a map can be written and replaces nothing but a map, before the first clip is read.

    Args:
        path: CSV file to write.

    Raises:
        FileExistsError: if the file exists and is not a map, for example a clip.
        OSError: if it cannot be written.
    """
    if path.is_file() and path.read_bytes()[:64].splitlines()[:1] != [",".join(COLUMNS).encode()]:
        raise FileExistsError(f"{path} exists and is not a map that --map wrote; choose another file.")
    check_writable(path)


def write_map(path: Path, identifiers: Iterable[tuple[Task, str]]) -> None:
    """Write the position, path, and identifier of every clip, each still in its own row; no other file names them.

    Args:
        path: CSV file to write.
        identifiers: each task with the identifier of its clip, ``""`` if there is none.
    """
    rows = [
        {"position": task.position, "path": _text(path), "id": identifier}
        for task, identifier in identifiers
        for path in task.paths
    ]
    write_csv(path, rows, COLUMNS)


def _text(path: Path) -> str:
    """Return a path as text; bytes of its name that are not UTF-8 become ``\\udc..`` escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode()
