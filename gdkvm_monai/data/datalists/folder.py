"""All clips in a folder, for inference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai.config import PathLike

from gdkvm_monai.data.open import CLIP_SUFFIXES, is_clip

__all__ = ["folder_datalist"]


def folder_datalist(
    root_dir: PathLike, pattern: str = "**/*", suffixes: Sequence[str] = (*CLIP_SUFFIXES, ".png")
) -> list[dict]:
    """List the clips of a folder.

    Args:
        root_dir: folder or single file.
        pattern: glob pattern below the folder, for example ``"**/*_half_sequence.nii.gz"``.
        suffixes: file name endings of clips. ``.dcm`` includes DICOM files without a suffix or with a numeric one;
            ``.png`` means folders that contain numbered PNG frames and no other clip.

    Returns:
        Items with ``image`` (path), sorted by name. A file or folder that cannot be examined, for example for lack of
        permission, is listed, so that opening it states the cause.

    Raises:
        FileNotFoundError: if the folder is missing or contains no clip.
    """
    root = Path(root_dir)
    if not root.exists():
        raise FileNotFoundError(f"{root} does not exist; set dataset_dir to a clip or to a folder with clips.")
    paths = [root] if root.is_file() or is_clip(root, suffixes) else sorted(root.glob(pattern))
    items = [{"image": str(path)} for path in paths if _may_be_clip(path, suffixes)]
    if not items:
        raise FileNotFoundError(f"{root} has no clip that matches {pattern!r} and ends in {', '.join(suffixes)}.")
    return items


def _may_be_clip(path: Path, suffixes: Sequence[str]) -> bool:
    try:
        return is_clip(path, suffixes)
    except OSError:
        return True
