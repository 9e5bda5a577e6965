"""All clips in a folder, for inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os.path import isfile
from pathlib import Path

from monai.config import PathLike

from gdkvm_monai.data.open import CLIP_SUFFIXES, is_clip
from gdkvm_monai.folders import find_paths
from gdkvm_monai.labels import LABEL_ENDINGS

__all__ = ["folder_datalist"]


def folder_datalist(
    root_dir: PathLike,
    pattern: str = "**/*",
    suffixes: Sequence[str] = (*CLIP_SUFFIXES, ".png"),
    report: Callable[[str], object] | None = print,
) -> list[dict]:
    """List the clips of a folder, without the label files of clips.

    A file is the label of a clip if its name is that of a clip beside it with ``_gt``, as in CAMUS, ``_seg``,
    ``_label``, or ``_mask`` before the suffix. It is listed only if it is ``root_dir`` itself.

    Args:
        root_dir: folder or single file.
        pattern: glob pattern below the folder, for example ``"**/*_half_sequence.nii.gz"``.
        suffixes: file name endings of clips. ``.dcm`` includes DICOM files without a suffix or with a numeric one;
            ``.png`` means folders that contain numbered PNG frames and no other clip.
        report: called with the number of label files that were left out, if any; ``None`` for no report.

    Returns:
        Items with ``image`` (path), sorted by name. A file or folder that cannot be examined, for example for lack of
        permission or because its path is too long, is listed, so that opening it states the cause.

    Raises:
        FileNotFoundError: if the folder is missing or contains no clip.
        ValueError: if the pattern is empty or absolute.
    """
    root = Path(root_dir)
    if not root.exists():
        raise FileNotFoundError(f"{root} does not exist; set dataset_dir to a clip or to a folder with clips.")
    one = root.is_file() or is_clip(root, suffixes)
    found, closed = ([root], []) if one else find_paths(root, pattern)
    clips = sorted({*closed, *(path for path in found if _may_be_clip(path, suffixes))})
    labels = [path for path in clips if path != root and _is_label(path, suffixes)]
    left_out = set(labels)
    items = [{"image": str(path)} for path in clips if path not in left_out]
    if labels and report is not None:
        report(f"{root}: {len(labels)} label files of clips are left out, such as {labels[0].name}")
    if not items:
        raise FileNotFoundError(f"{root} has no clip that matches {pattern!r} and ends in {', '.join(suffixes)}.")
    return items


def _may_be_clip(path: Path, suffixes: Sequence[str]) -> bool:
    try:
        return is_clip(path, suffixes)
    except OSError:
        return True


def _is_label(path: Path, suffixes: Sequence[str]) -> bool:
    """Return whether a file is named like the label of a clip beside it."""
    suffix = next((end for end in sorted(suffixes, key=len, reverse=True) if path.name.lower().endswith(end)), "")
    stem = path.name[: len(path.name) - len(suffix)]
    clips = (stem[: -len(end)] for end in LABEL_ENDINGS if suffix and stem.endswith(end) and stem != end)
    return any(isfile(path.with_name(clip + path.name[len(stem) :])) for clip in clips)
