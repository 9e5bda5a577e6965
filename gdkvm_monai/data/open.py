"""The registry of clip formats, and the only function that opens a clip."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from monai.config import PathLike

from gdkvm_monai.data.clip import Clip, ClipMeta, ClipReadError, ClipStream, ReadOptions
from gdkvm_monai.data.dicom.header import is_dicom
from gdkvm_monai.data.formats.dicom import open_dicom
from gdkvm_monai.data.formats.metaimage import open_metaimage
from gdkvm_monai.data.formats.nifti import open_nifti
from gdkvm_monai.data.formats.npy import open_npy
from gdkvm_monai.data.formats.png import frame_files, open_png_folder, open_png_frames
from gdkvm_monai.data.formats.video import open_video

__all__ = ["CLIP_SUFFIXES", "is_clip", "open_clip"]

FORMATS = {
    (".nii", ".nii.gz"): open_nifti,
    (".mhd", ".mha"): open_metaimage,
    (".dcm", ".dicom"): open_dicom,
    (".avi", ".mp4", ".m4v", ".mov", ".mkv"): open_video,
    (".npy",): open_npy,
}
CLIP_SUFFIXES = tuple(suffix for suffixes in FORMATS for suffix in suffixes)


def open_clip(path: Sequence[PathLike] | PathLike, options: ReadOptions = ReadOptions()) -> ClipStream:
    """Open a file, a folder of PNG frames, or a list of single-frame files in time order.

    One frame is in memory at a time, except that the files of a list other than PNG are loaded whole.
    :class:`~gdkvm_monai.data.reader.ClipReader` lists the formats.

    Returns:
        Stream of frames ``(H, W)``: lateral, depth. Color is converted to gray; other values are unchanged.

    Raises:
        ClipReadError: (an ``OSError`` and a ``ValueError``) when a file is damaged, of another format, or not a
            single-channel clip, when the frames of a list do not match, or when a package is missing. What the
            header does not reveal is raised during iteration: a missing end of the clip at the end of the stream.
        FileNotFoundError: if a file is missing.
        TypeError: if ``path`` is not a path, such as an array, or ``options`` is not a :class:`ReadOptions`.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "clip.npy")
        >>> np.save(path, np.arange(24, dtype=np.uint8).reshape(4, 3, 2))  # (H, W, T)
        >>> with open_clip(path) as stream:
        ...     stream.shape, stream.count, [frame.max().item() for frame in stream]
        ((4, 3), 2, [22, 23])
    """
    if not isinstance(options, ReadOptions):
        raise TypeError(f"options are {type(options).__name__}, expected ReadOptions, such as ReadOptions(force=True).")
    paths = _as_paths(path)
    if not paths:
        raise ClipReadError("the list of a clip's files is empty; name at least one.")
    with _declared_errors(paths):
        stream = _open_paths(paths, options)
        _check_region(paths[0], stream.meta, options.region)

    def read() -> Iterator[np.ndarray]:
        with _declared_errors(paths), stream:
            yield from stream

    return ClipStream(stream.shape, stream.count, stream.affine, stream.meta, read)


def _check_region(path: Path, meta: ClipMeta, number: int | None) -> None:
    """Refuse the choice of a tissue region that the clip does not state."""
    count = meta.get("tissue_regions", 0)
    if number is not None and not 1 <= number <= count:
        advice = f"choose 1 to {count}" if count else "leave region out to use the whole picture"
        stated = f"{count} tissue region{'' if count == 1 else 's'}"
        raise ClipReadError(f"{path} states {stated}, and region is {number}; {advice}.")


@contextmanager
def _declared_errors(paths: Sequence[Path]) -> Iterator[None]:
    """Turn what a decoder raises for a damaged file, which can be any error, into :class:`ClipReadError`."""
    try:
        yield
    except ClipReadError:
        raise
    except MemoryError as error:
        raise ClipReadError(f"{paths[0]} needs more memory than there is; choose a smaller clip.") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None or isinstance(error, FileNotFoundError):
            raise  # of the operating system
        raise ClipReadError(
            f"{paths[0]} is damaged in a way that raised {type(error).__name__}; copy it again from its source."
        ) from error


def _open_paths(paths: list[Path], options: ReadOptions) -> ClipStream:
    if len(paths) == 1:
        return _open_path(paths[0], options)
    if all(path.suffix.lower() == ".png" and not (path.is_file() and is_dicom(path)) for path in paths):
        return open_png_frames(paths, options)
    first = _open_path(paths[0], options).collect()
    return ClipStream(
        first.pixels.shape[:2], len(paths), first.affine, first.meta, partial(_single_frames, paths, first, options)
    )


def is_clip(path: Path, suffixes: Sequence[str] = (*CLIP_SUFFIXES, ".png")) -> bool:
    """Return whether a path looks like a clip, by its name or, without a suffix, by its first bytes.

    Args:
        path: file or folder.
        suffixes: endings of clips to accept, in lower case. ``.dcm`` includes DICOM files without a suffix or with a
            numeric one; ``.png`` means a folder of numbered PNG frames that holds no other clip.
    """
    if path.is_dir():
        return ".png" in suffixes and _is_frame_folder(path, suffixes)
    name = path.name.lower()
    if name.endswith(tuple(suffix for suffix in suffixes if suffix != ".png")):
        return True
    nameless = path.suffix == "" or path.suffix[1:].isdecimal()  # IM000001, or a UID
    return ".dcm" in suffixes and nameless and name != "dicomdir" and path.is_file() and is_dicom(path)


def _as_paths(path: Sequence[PathLike] | PathLike) -> list[Path]:
    names = path if isinstance(path, (list, tuple)) else [path]
    for name in names:
        if not isinstance(name, (str, os.PathLike)):
            raise TypeError(f"a clip is opened by its path, got {type(name).__name__}; pass a path or a list of paths.")
    return [Path(name) for name in names]


def _is_frame_folder(folder: Path, suffixes: Sequence[str]) -> bool:
    frames = frame_files(folder)
    numbered = all(any(letter.isdecimal() for letter in frame.stem) for frame in frames)
    return bool(frames) and numbered and not any(is_clip(path, suffixes) for path in folder.iterdir() if path.is_file())


def _open_path(path: Path, options: ReadOptions) -> ClipStream:
    if path.is_dir():
        return open_png_folder(path, options)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    if not path.is_file():
        raise ClipReadError(f"{path} is not a regular file but a pipe, socket, or device; save the clip to a file.")
    if path.stat().st_size == 0:
        raise ClipReadError(f"{path} is empty; copy it again from its source.")
    if is_dicom(path):  # whatever its name is: FFmpeg would play the JPEG frames of a DICOM file named .mp4
        return open_dicom(path, options)
    for suffixes, open_file in FORMATS.items():
        if path.name.lower().endswith(suffixes):
            return open_file(path, options)
    raise ClipReadError(
        f"{path} is not a clip that can be read; use {', '.join(CLIP_SUFFIXES)} or a folder of .png frames."
    )


def _single_frames(paths: Sequence[Path], first: Clip, options: ReadOptions) -> Iterator[np.ndarray]:
    for path in paths:
        clip = _open_path(path, options).collect()
        if clip.pixels.shape != (*first.pixels.shape[:2], 1) or not np.allclose(clip.affine, first.affine):
            raise ClipReadError(
                f"{path} has shape {clip.pixels.shape}, but a clip of several files needs single frames of one "
                f"size and spacing, here {first.pixels.shape[:2]}; list the frames of one clip only."
            )
        yield clip.pixels[..., 0]
