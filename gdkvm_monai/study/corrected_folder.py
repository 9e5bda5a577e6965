"""Replacement of results by corrected ones: the originals are kept, and an interruption loses nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gdkvm_monai.files import flush_tree
from gdkvm_monai.folders import hidden_prefix, remove_abandoned

__all__ = ["ORIGINAL", "finish_replacement", "replace_results"]

ORIGINAL = "original"
"""Folder in a results folder with the first version of every file that a correction replaced."""

PENDING = ".corrected"
"""Folder in a results folder with the files of a correction that still have to move into place."""


@contextmanager
def replace_results(folder: Path, outdated: Sequence[str] = ()) -> Iterator[Path]:
    """Yield an empty folder; if nothing is raised, its files replace those of the same name in ``folder``.

    The first replacement copies the files that it replaces to ``original``; later ones leave that copy alone. If the
    process is killed before all new files are written, ``folder`` is unchanged; if it is killed later,
    :func:`finish_replacement` completes the replacement.

    Args:
        folder: results folder.
        outdated: files to remove unless there is a new one.
    """
    finish_replacement(folder)
    remove_abandoned(folder)
    with TemporaryDirectory(prefix=hidden_prefix(), dir=folder, ignore_cleanup_errors=True) as hidden:
        new, kept = Path(hidden, "new"), Path(hidden, ORIGINAL)
        new.mkdir()
        yield new
        for name in outdated:
            if not (new / name).exists():
                (new / name).touch()  # an empty file stands for a removal, because no result is empty
        if not (folder / ORIGINAL).exists():
            _copy_files(folder, kept, _files(new))
            flush_tree(kept)
            os.replace(kept, folder / ORIGINAL)
        flush_tree(new)
        os.replace(new, folder / PENDING)
    finish_replacement(folder)


def finish_replacement(folder: Path) -> None:
    """Move the files of a correction into place if a process was killed while it did so."""
    pending = folder / PENDING
    for name in _files(pending):
        target = folder / name
        if (pending / name).stat().st_size == 0:
            target.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(pending / name, target)
    shutil.rmtree(pending, ignore_errors=True)


def _copy_files(folder: Path, to: Path, names: Sequence[Path]) -> None:
    to.mkdir()
    for name in names:
        if (folder / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, to / name)


def _files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
