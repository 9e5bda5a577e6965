"""The clips of a folder, to be segmented."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai.config import PathLike

__all__ = ["folder_datalist"]


def folder_datalist(
    root_dir: PathLike, pattern: str = "**/*", suffixes: Sequence[str] = (".nii", ".nii.gz", ".mhd", ".mha")
) -> list[dict]:
    """List the clips of a folder.

    Args:
        root_dir: folder, or one file.
        pattern: glob pattern below the folder, for example ``"**/*_half_sequence.nii.gz"``.
        suffixes: endings of files that are clips.

    Returns:
        Items with ``image``, in the order of their names.

    Raises:
        FileNotFoundError: when the folder is missing or holds no such file.
    """
    root = Path(root_dir)
    if not root.exists():
        raise FileNotFoundError(f"{root} does not exist; set dataset_dir to a clip or to a folder with clips.")
    paths = [root] if root.is_file() else sorted(root.glob(pattern))
    items = [{"image": str(path)} for path in paths if path.name.lower().endswith(tuple(suffixes))]
    if not items:
        raise FileNotFoundError(f"{root} has no clip that matches {pattern!r} and ends in {', '.join(suffixes)}.")
    return items
