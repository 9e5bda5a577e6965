"""Open a clip of any format and take its frames one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from monai.config import PathLike

from gdkvm_monai.data.clip import Clip, ClipReadError, ClipStream, ReadOptions
from gdkvm_monai.data.formats.dicom import is_dicom, open_dicom
from gdkvm_monai.data.formats.pictures import open_npy, open_png_folder, open_png_frames
from gdkvm_monai.data.formats.video import open_video
from gdkvm_monai.data.formats.volumes import open_metaimage, open_nifti

__all__ = ["CLIP_SUFFIXES", "ClipStream", "open_clip"]

FORMATS = {
    (".nii", ".nii.gz"): open_nifti,
    (".mhd", ".mha"): open_metaimage,
    (".dcm", ".dicom"): open_dicom,
    (".avi", ".mp4", ".m4v", ".mov", ".mkv"): open_video,
    (".npy",): open_npy,
}
CLIP_SUFFIXES = tuple(suffix for suffixes in FORMATS for suffix in suffixes)


def open_clip(path: Sequence[PathLike] | PathLike, options: ReadOptions = ReadOptions()) -> ClipStream:
    """Open a file, a folder of PNG frames, or a list of files of one frame each, in time order.

    One frame is in memory at a time, save for DICOM in lossless JPEG, compressed MetaImage, and lists of files other
    than PNG, of which each file is loaded as a whole. Which formats there are is said by
    :class:`~gdkvm_monai.data.reader.ClipReader`.

    Returns:
        Stream of frames ``(H, W)``: lateral, depth; pictures are 8-bit gray; NIfTI, MetaImage and arrays, which may be
        masks, keep their values.

    Raises:
        ClipReadError: (an ``OSError`` and a ``ValueError``) when a file is damaged, of another format, or not a
            single-channel clip, when the frames of a list do not match, or when a package is missing. What does not
            stand in the header is raised where it is met: a missing end of the clip at the end of the stream.
        FileNotFoundError: when a file is missing.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "clip.npy")
        >>> np.save(path, np.arange(24, dtype=np.uint8).reshape(4, 3, 2))  # (H, W, T)
        >>> with open_clip(path) as stream:
        ...     stream.shape, stream.count, [frame.max().item() for frame in stream]
        ((4, 3), 2, [22, 23])
    """
    paths = [Path(name) for name in path] if isinstance(path, (list, tuple)) else [Path(path)]
    if not paths:
        raise ClipReadError("the list of a clip's files is empty; name at least one.")
    if len(paths) == 1:
        return _open_path(paths[0], options)
    if all(path.suffix.lower() == ".png" for path in paths):
        return open_png_frames(paths, options)
    first = _open_path(paths[0], options).collect()
    return ClipStream(
        first.pixels.shape[:2], len(paths), first.affine, first.meta, partial(_single_frames, paths, first, options)
    )


def _open_path(path: Path, options: ReadOptions) -> ClipStream:
    if path.is_dir():
        return open_png_folder(path, options)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    for suffixes, open_file in FORMATS.items():
        if path.name.lower().endswith(suffixes):
            return open_file(path, options)
    if is_dicom(path):
        return open_dicom(path, options)
    raise ClipReadError(
        f"{path} is not a clip that can be read; give {', '.join(CLIP_SUFFIXES)} or a folder of .png frames."
    )


def _single_frames(paths: Sequence[Path], first: Clip, options: ReadOptions) -> Iterator[np.ndarray]:
    for path in paths:
        clip = _open_path(path, options).collect()
        if clip.pixels.shape != (*first.pixels.shape[:2], 1) or not np.allclose(clip.affine, first.affine):
            raise ClipReadError(
                f"{path} has shape {clip.pixels.shape}, but a clip of several files needs single frames of one "
                f"size and spacing, here {first.pixels.shape[:2]}; name the frames of one clip only."
            )
        yield clip.pixels[..., 0]
