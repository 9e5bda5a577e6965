"""Files that are whole or absent, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monai.config import PathLike

__all__ = ["replace_file"]


@contextmanager
def replace_file(path: PathLike) -> Iterator[Path]:
    """Give a file beside ``path`` to write, which takes its place if all went well and is removed if not.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp(), "new", "table.csv")
        >>> with replace_file(target) as partial:
        ...     _ = partial.write_text("1,2")
        >>> target.read_text(), len(list(target.parent.iterdir()))
        ('1,2', 1)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
