"""The clips of a batch, found and numbered before the first one is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gdkvm_monai.study.options import SegmentOptions

__all__ = ["Task", "check_folders", "is_result", "list_tasks", "list_views"]


@dataclass(frozen=True)
class Task:
    """One clip of a batch.

    Attributes:
        position: from 1, in the order in which the clips were given.
        path: of the clip.
        options: how it is segmented.
    """

    position: int
    path: Path
    options: SegmentOptions = field(default_factory=SegmentOptions)


def list_tasks(clips: Sequence[Path], out: Path, options: SegmentOptions, pattern: str = "**/*") -> list[Task]:
    """The clips that were named, folders searched.

    Args:
        clips: files, and folders of clips.
        out: folder of the results, which may lie among the clips; what lies in it is no clip.
        options: of every clip.
        pattern: glob pattern of the clips of a folder.

    Raises:
        FileNotFoundError: when one does not exist or a folder holds no clip.
    """
    _check_existence(clips)
    from gdkvm_monai.data import folder_datalist  # takes seconds to import; what is missing is told before

    found = [Path(item["image"]) for path in clips for item in folder_datalist(path, pattern)]
    paths = [path for path in found if not is_result(path, out)]
    if not paths:
        raise FileNotFoundError("there are only results of this command; give a clip or a folder with clips.")
    return [Task(number, path, options) for number, path in enumerate(paths, start=1)]


def list_views(clips: Mapping[str, Path], options: SegmentOptions) -> list[Task]:
    """The clips of one patient by their view. Their masks are written as NIfTI too, for the biplane measurement.

    Raises:
        FileNotFoundError: when one does not exist.
    """
    _check_existence(clips.values())
    formats = tuple(dict.fromkeys(("nifti", *options.formats)))
    return [
        Task(number, path, replace(options, view=view, formats=formats))
        for number, (view, path) in enumerate(clips.items(), start=1)
    ]


def is_result(path: Path, out: Path) -> bool:
    """Whether a file lies in a folder of results; ``out`` may lie among the clips."""
    path, out = path.resolve(), out.resolve()
    name = path.relative_to(out).parts[:1] if path.is_relative_to(out) else ()
    return bool(name) and (name[0].startswith(".gdkvm-") or (out / name[0] / "measurements.json").is_file())


def check_folders(folders: Iterable[Path]) -> None:
    """Refuse folders for results that are, or lie in, files.

    Raises:
        NotADirectoryError: naming the first of them.
    """
    for folder in folders:
        if any(path.exists() and not path.is_dir() for path in (folder, *folder.parents)):
            raise NotADirectoryError(f"{folder} is, or lies in, a file; give a folder.")


def _check_existence(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist; check the path.")
