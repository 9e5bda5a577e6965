"""The clips that the ``gdkvm`` command was asked to segment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gdkvm_monai.data import folder_datalist
from gdkvm_monai.study.options import SegmentOptions

__all__ = ["Task", "is_result", "list_tasks", "parse_views"]


@dataclass(frozen=True)
class Task:
    """One clip of a batch.

    Attributes:
        position: from 1, in the order in which the clips were given.
        path: of the clip.
        options: of :func:`gdkvm_monai.segment`.
    """

    position: int
    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)


def list_tasks(options: argparse.Namespace) -> list[Task]:
    """The clips that were named, folders searched.

    Raises:
        FileNotFoundError: when one does not exist or a folder holds no clip.
        ValueError: when an option is out of range.
    """
    common = {
        **{name: getattr(options, name) for name in ("view", "fast", "fps", "allow_partial", "force", "overlay")},
        "structures": tuple(dict.fromkeys(options.structures)),
        "spacing_mm": tuple(options.spacing) if options.spacing else None,
        "crop": not options.no_crop,
        "max_voxels": int(min(options.max_voxels, sys.maxsize)),
        "formats": tuple(options.format),
        "report": options.report,
        "save_prob": options.save_prob,
    }
    SegmentOptions(**common)
    if options.views:
        clips = parse_views(options.views)
        common["formats"] = tuple(dict.fromkeys(("nifti", *common["formats"])))
    else:
        clips = [(options.view, path) for path in options.clips]
    missing = [path for _, path in clips if not path.exists()]
    if missing:
        raise FileNotFoundError(f"{missing[0]} does not exist; check the path.")
    if not options.views:
        found = [
            (view, Path(item["image"])) for view, folder in clips for item in folder_datalist(folder, options.pattern)
        ]
        clips = [(view, path) for view, path in found if not is_result(path, options.out)]
        if not clips:
            raise FileNotFoundError("there are only results of this command; give a clip or a folder with clips.")
    return [Task(number, path, {**common, "view": view}) for number, (view, path) in enumerate(clips, start=1)]


def parse_views(entries: Sequence[str]) -> list[tuple[str, Path]]:
    """Both views and their clips.

    Raises:
        ValueError: when they are not ``4CH=CLIP`` and ``2CH=CLIP``, or name one clip twice.

    Example:
        >>> [(view, path.name) for view, path in parse_views(["4CH=a.dcm", "2CH=b.dcm"])]
        [('4CH', 'a.dcm'), ('2CH', 'b.dcm')]
    """
    clips = [(view, name) for view, _, name in (entry.partition("=") for entry in entries)]
    views, names = zip(*clips)
    if sorted(views) != ["2CH", "4CH"] or not all(names) or len({Path(name).resolve() for name in names}) < 2:
        raise ValueError(f"--views got {' '.join(entries)}, expected 4CH=CLIP 2CH=CLIP, two different clips.")
    return [(view, Path(name)) for view, name in clips]


def is_result(path: Path, out: Path) -> bool:
    """Whether a file lies in a folder of results; ``out`` may lie among the clips."""
    path, out = path.resolve(), out.resolve()
    name = path.relative_to(out).parts[:1] if path.is_relative_to(out) else ()
    return bool(name) and (name[0].startswith(".gdkvm-") or (out / name[0] / "measurements.json").is_file())
