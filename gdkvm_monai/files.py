"""Atomic writes of files, file hashes, and conversion to plain JSON."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # MONAI takes seconds to import
    from monai.config import PathLike

__all__ = [
    "atomic_write",
    "check_replaceable",
    "file_sha256",
    "flush_tree",
    "plain",
    "write_csv",
    "write_json",
    "write_text",
]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Beginnings of a cell that spreadsheets run as a formula."""


def check_replaceable(path: Path) -> None:
    """Refuse to replace what is neither a file nor a folder, which a write would turn into a file.

    Raises:
        FileExistsError: if there is a device, a named pipe, or a socket.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsError(f"{path} is a device, a named pipe, or a socket, expected a file; choose another name.")


@contextmanager
def atomic_write(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path next to ``path``; the file written there replaces ``path``, or is removed on error.

    Raises:
        FileExistsError: see :func:`check_replaceable`.
        OSError: if the file cannot be written.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp(), "new", "table.csv")
        >>> with atomic_write(target) as partial:
        ...     _ = partial.write_text("1,2")
        >>> target.read_text(), len(list(target.parent.iterdir()))
        ('1,2', 1)
    """
    path = Path(path)
    check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        _flush(partial)
        os.replace(partial, path)
    except OSError as error:
        if error.filename == str(partial):  # the name of the temporary file says nothing to the user
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: PathLike, text: str) -> None:
    """Write a text file atomically, in UTF-8, with the line endings of ``text``."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def write_json(path: PathLike, value: object, indent: int = 2) -> None:
    """Write an indented JSON file, atomically.

    Raises:
        TypeError: if JSON cannot represent ``value``; convert it with :func:`plain`.
        ValueError: if a number is not finite; convert it with :func:`plain`.
    """
    write_text(path, json.dumps(value, indent=indent, allow_nan=False) + "\n")


def write_csv(path: PathLike, rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ()) -> None:
    """Write rows as a CSV table with a header, atomically.

    Text that a spreadsheet would run as a formula, because it begins with ``=``, ``+``, ``-``, ``@``, a tab, or a line
    break, gets an apostrophe in front; text that is a number does not.

    Args:
        path: file to write.
        rows: values by column; missing columns stay empty.
        columns: columns in order; by default, in the order in which the rows name them.

    Example:
        >>> import tempfile
        >>> write_csv(target := Path(tempfile.mkdtemp(), "table.csv"), [{"id": "=1+1", "ef": -3.5, "z": "-2"}])
        >>> target.read_text().split()[1]
        "'=1+1,-3.5,-2"
    """
    table = io.StringIO()
    writer = csv.DictWriter(table, columns or list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows({name: _defused(value) for name, value in row.items()} for row in rows)
    write_text(path, table.getvalue())


def flush_tree(folder: PathLike) -> None:
    """Write the files in a folder and its subfolders from the cache of the operating system to the disk."""
    for file in (file for file in Path(folder).rglob("*") if file.is_file()):
        _flush(file)


def file_sha256(path: PathLike) -> str:
    """Return the SHA-256 of a file as hexadecimal digits, reading the file in chunks."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def plain(value: object) -> object:
    """Convert a value to types that JSON can represent: dataclasses become objects, NaN and infinities become null.

    Example:
        >>> plain({"ef_percent": np.float32(55), "frames": (np.int64(3), float("nan"))})
        {'ef_percent': 55.0, 'frames': [3, None]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (np.bool_, np.integer)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)


def _defused(cell: object) -> object:
    if not isinstance(cell, (str, Path)) or not str(cell).startswith(FORMULA):
        return cell
    try:
        float(str(cell))
    except ValueError:
        return f"'{cell}"
    return cell


def _flush(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
