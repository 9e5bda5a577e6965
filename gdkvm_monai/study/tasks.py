"""The clips of a batch, which are found and numbered before the first one is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import realpath
from pathlib import Path
from tempfile import TemporaryDirectory

from gdkvm_monai.study.options import SegmentOptions
from gdkvm_monai.study.stills import Stills

__all__ = [
    *("MAP_COLUMNS", "Task", "check_folders", "check_map", "check_writable", "is_result"),
    *("list_stills", "list_tasks", "list_views"),
]

MAP_COLUMNS = ("position", "path", "id")
"""Columns of the map from clips to results folders."""


@dataclass(frozen=True)
class Task:
    """One clip of a batch.

    Attributes:
        position: number of the clip, from 1, in the given order.
        path: path of the clip, or its two stills.
        options: options for segmenting the clip.
    """

    position: int
    path: Path | Stills
    options: SegmentOptions = field(default_factory=SegmentOptions)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The path of the clip, or those of its stills."""
        return (self.path,) if isinstance(self.path, Path) else tuple(self.path)


def list_tasks(clips: Sequence[Path], out: Path, options: SegmentOptions, pattern: str = "**/*") -> list[Task]:
    """List the given clips and those in the given folders.

    Args:
        clips: files and folders of clips.
        out: results folder, which may be inside a folder of clips; files in it are not clips.
        options: options for every clip.
        pattern: glob pattern for the clips in a folder.

    Raises:
        FileNotFoundError: if a path does not exist or a folder contains no clip.
    """
    _check_existence(clips)
    from gdkvm_monai.data import folder_datalist  # takes seconds to import; report missing paths first

    found = [Path(item["image"]) for path in clips for item in folder_datalist(path, pattern)]
    paths = [path for path in found if not is_result(path, out)]
    if not paths:
        raise FileNotFoundError("the input holds only results of this command; choose a clip or a folder of clips.")
    return [Task(number, path, options) for number, path in enumerate(paths, start=1)]


def list_stills(stills: Stills, options: SegmentOptions) -> list[Task]:
    """List two stills as one clip.

    Raises:
        FileNotFoundError: if a path does not exist.
        ValueError: if both are the same file.
    """
    _check_stills(stills)
    return [Task(1, stills, options)]


def list_views(clips: Mapping[str, Path | Stills], options: SegmentOptions) -> list[Task]:
    """List the clips or pairs of stills of one patient by view, with masks in NIfTI format for the biplane measurement.

    Raises:
        FileNotFoundError: if a path does not exist.
        ValueError: if both stills of a view are the same file.
    """
    for clip in clips.values():
        if isinstance(clip, Stills):
            _check_stills(clip)
        else:
            _check_existence([clip])
    formats = tuple(dict.fromkeys(("nifti", *options.formats)))
    return [
        Task(number, path, replace(options, view=view, formats=formats))
        for number, (view, path) in enumerate(clips.items(), start=1)
    ]


def is_result(path: Path, out: Path) -> bool:
    """Return whether a file is in a results folder; ``out`` may be inside a folder of clips."""
    path, out = Path(realpath(path)), Path(realpath(out))  # Path.resolve raises an error for a link to itself
    name = path.relative_to(out).parts[:1] if path.is_relative_to(out) else ()
    return bool(name) and (name[0].startswith(".gdkvm-") or (out / name[0] / "measurements.json").is_file())


def check_folders(folders: Iterable[Path]) -> None:
    """Make sure that output folders can be written, before hours of work would be lost to it; nothing is created.

    Raises:
        NotADirectoryError: if a folder is a file or is inside a file.
        OSError: if nothing can be created in a folder, or in its nearest parent that exists.
    """
    for folder in folders:
        _check_place(folder, folder, "folder")


def check_map(path: Path) -> None:
    """Make sure that a map can be written and replaces nothing but a map, before the first clip is read.

    Args:
        path: CSV file to write.

    Raises:
        FileExistsError: if the file exists and is not a map, for example a clip.
        OSError: if it cannot be written.
    """
    if path.is_file() and not _is_map(path):
        raise FileExistsError(f"{path} exists and is not a map that --map wrote; choose another file.")
    check_writable(path)


def check_writable(file: Path) -> None:
    """Make sure that a file can be written, before hours of work would be lost to it; nothing is created.

    Raises:
        FileExistsError: see :func:`~gdkvm_monai.files.check_replaceable`.
        IsADirectoryError: if the file is a folder.
        NotADirectoryError: if it is inside a file.
        OSError: if nothing can be created in its folder, or in the nearest parent that exists.
    """
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; choose a file.")
    from gdkvm_monai.files import check_replaceable  # NumPy takes time to import; the help needs none

    check_replaceable(file)
    _check_place(file.parent, file, "file")


def _check_place(folder: Path, path: Path, kind: str) -> None:
    from gdkvm_monai.folders import hidden_prefix  # NumPy takes time to import; the help needs none

    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not place.is_dir():
        raise NotADirectoryError(f"{path} is a file or is inside a file; choose another {kind}.")
    try:
        with TemporaryDirectory(prefix=hidden_prefix(), dir=place):
            pass
    except OSError as error:
        raise OSError(
            f"{path} cannot be written, because nothing can be created in {place} ({error.strerror}); choose another "
            f"{kind}."
        ) from error


def _is_map(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).splitlines()[:1] == [",".join(MAP_COLUMNS).encode()]


def _check_stills(stills: Stills) -> None:
    _check_existence(stills)
    if stills.ed.samefile(stills.es):
        raise ValueError(f"{stills.ed} is given as end-diastole and as end-systole; give two stills.")


def _check_existence(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist; check the path.")
