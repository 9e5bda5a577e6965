"""The map from clips to results folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gdkvm_monai.files import write_csv
from gdkvm_monai.study.tasks import MAP_COLUMNS, Task

__all__ = ["write_map"]


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
    write_csv(path, rows, MAP_COLUMNS)


def _text(path: Path) -> str:
    """Return a path as text; bytes of its name that are not UTF-8 become ``\\udc..`` escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode()
