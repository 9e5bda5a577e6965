"""The clips of a folder, to be segmented."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai.config import PathLike

from gdkvm_monai.data.formats.dicom import is_dicom
from gdkvm_monai.data.formats.pictures import frame_files
from gdkvm_monai.data.open import CLIP_SUFFIXES

__all__ = ["folder_datalist"]


def folder_datalist(
    root_dir: PathLike, pattern: str = "**/*", suffixes: Sequence[str] = (*CLIP_SUFFIXES, ".png")
) -> list[dict]:
    """List the clips of a folder.

    Args:
        root_dir: folder, or one file.
        pattern: glob pattern below the folder, for example ``"**/*_half_sequence.nii.gz"``.
        suffixes: endings of files that are clips. ``.dcm`` stands also for DICOM files without a suffix or with a
            number for one, and ``.png`` for folders that hold numbered PNG frames and no other clip.

    Returns:
        Items with ``image``, in the order of their names.

    Raises:
        FileNotFoundError: when the folder is missing or holds no such file.
    """
    root = Path(root_dir)
    if not root.exists():
        raise FileNotFoundError(f"{root} does not exist; set dataset_dir to a clip or to a folder with clips.")
    if root.is_file() or _is_frame_folder(root, suffixes):
        paths = [root]
    else:
        paths = sorted(root.glob(pattern))
    items = [{"image": str(path)} for path in paths if _is_clip(path, suffixes) or _is_frame_folder(path, suffixes)]
    if not items:
        raise FileNotFoundError(f"{root} has no clip that matches {pattern!r} and ends in {', '.join(suffixes)}.")
    return items


def _is_clip(path: Path, suffixes: Sequence[str]) -> bool:
    name = path.name.lower()
    if name.endswith(tuple(suffix for suffix in suffixes if suffix != ".png")):
        return True
    nameless = path.suffix == "" or path.suffix[1:].isdecimal()  # IM000001, or a name made of a UID
    return ".dcm" in suffixes and nameless and name != "dicomdir" and path.is_file() and is_dicom(path)


def _is_frame_folder(path: Path, suffixes: Sequence[str]) -> bool:
    if ".png" not in suffixes or not path.is_dir():
        return False
    frames = frame_files(path)
    numbered = all(any(letter.isdecimal() for letter in frame.stem) for frame in frames)
    return bool(frames) and numbered and not any(_is_clip(other, suffixes) for other in path.iterdir())
