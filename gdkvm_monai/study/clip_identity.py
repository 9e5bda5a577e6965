"""The identity of a clip: the hash of its files, which must stay the same until they have been read."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gdkvm_monai.data.clip import ClipReadError
from gdkvm_monai.data.dicom.header import is_dicom
from gdkvm_monai.data.formats.metaimage_header import metaimage_files
from gdkvm_monai.data.open import CLIP_SUFFIXES
from gdkvm_monai.files import file_sha256
from gdkvm_monai.study.stills import Stills

__all__ = ["ClipIdentity", "clip_files"]


class ClipIdentity:
    """The content of a clip's files, to be created before they are opened.

    Args:
        path: path of the clip, or two stills.

    Attributes:
        sha256: hash of the content, set by :meth:`hash`.
        bytes: size of all files.
        format: format as a known suffix, because the rest of a file name may contain a patient's name.

    Raises:
        ClipReadError: if the permission to list its files is missing.
        FileNotFoundError: if the clip is missing.
    """

    def __init__(self, path: Path | Stills) -> None:
        self.path = path
        self.format = _format(path)
        self._state = self._look()
        self.bytes = sum(size for _, _, size, *_ in self._state)
        self.sha256 = ""

    def hash(self) -> str:
        """Return the SHA-256 of the content; call it once the files are known to be a clip, because it reads them."""
        self.sha256 = _sha256(self.path)
        return self.sha256

    def check(self) -> None:
        """Check, after the last frame, that the files are those that were opened and hashed.

        Raises:
            ClipReadError: if they have changed.
        """
        if self._look() != self._state or _sha256(self.path) != self.sha256:
            raise ClipReadError("the clip changed while it was read; segment it again once it is complete.")

    def _look(self) -> list[tuple[Path, int, int, int, int]]:
        """Return what changes when a file is replaced or written."""
        state = []
        for file in _listed(self.path):
            if file.is_symlink() and not file.exists():
                raise FileNotFoundError(f"{file} is a link that leads to no file; correct the link.")
            if not file.exists():
                raise FileNotFoundError(f"{file} does not exist; check the path.")
            found = file.stat()
            state.append((file, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
        return state


def clip_files(path: Path | Stills) -> list[Path]:
    """Return the files of a clip: one file, a folder's files by name, or a MetaImage header and its pixel files."""
    if isinstance(path, Stills):
        return [file for still in path for file in clip_files(still)]
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file())
    listed = path.suffix.lower() in (".mhd", ".mha") and path.is_file() and not is_dicom(path)
    return metaimage_files(path) if listed else [path]


def _listed(path: Path | Stills) -> list[Path]:
    try:
        return clip_files(path)
    except PermissionError as error:
        advice = "permit reading it, and the files in it if it is a folder"
        raise ClipReadError(f"{error.filename} cannot be read for lack of permission; {advice}.") from error


def _sha256(path: Path | Stills) -> str:
    files = clip_files(path)
    if len(files) == 1:
        return file_sha256(files[0])
    hashes = "".join(file_sha256(file) for file in files)
    if isinstance(path, Stills):
        hashes = f"stills {hashes}"  # not the identity of a folder with the same two frames
    return hashlib.sha256(hashes.encode()).hexdigest()


def _format(path: Path | Stills) -> str:
    if isinstance(path, Stills):
        return "two stills"
    known = [suffix for suffix in CLIP_SUFFIXES if path.name.lower().endswith(suffix)]
    suffix = "folder" if path.is_dir() else max(known, key=len, default="dicom")
    misnamed = suffix not in (".dcm", ".dicom") and path.is_file() and is_dicom(path)
    return "dicom" if misnamed else suffix
