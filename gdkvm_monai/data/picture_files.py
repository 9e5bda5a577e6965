"""Clips without a header: a folder of PNG frames, or an array in a ``.npy`` file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .clip import Clip, ClipReadError, ReadOptions, check_size, luma, picture_affine, scale_to_8_bit

__all__ = ["frame_files", "read_npy", "read_png_folder", "read_png_frames"]


def frame_files(folder: Path) -> list[Path]:
    """The PNG files of a folder in natural order, frame 2 before frame 10; hidden files are no frames."""
    files = (path for path in folder.iterdir() if path.suffix.lower() == ".png" and not path.name.startswith("."))
    return sorted(files, key=lambda path: [int(part) if part.isdecimal() else part for part in _parts(path.name)])


def read_png_folder(folder: Path, options: ReadOptions) -> Clip:
    """Read the PNG frames of a folder in natural order."""
    paths = frame_files(folder)
    if not paths:
        raise ClipReadError(f"{folder} has no .png files; give a folder with the frames of one clip.")
    return read_png_frames(paths, options)


def read_png_frames(paths: Sequence[Path], options: ReadOptions) -> Clip:
    """Read frames of one size, in the order given; color becomes :func:`luma`, 16 bits become 8."""
    frames: list[np.ndarray] = []
    for path in paths:
        frames.append(_read_png(path, len(paths), options))
        if frames[-1].shape != frames[0].shape:
            raise ClipReadError(
                f"{path} has {frames[-1].shape[0]} x {frames[-1].shape[1]} pixels, but the first frame of its clip has "
                f"{frames[0].shape[0]} x {frames[0].shape[1]}; keep the frames of one clip in a folder."
            )
    pixels, meta = np.stack(frames, axis=-1), {}
    if pixels.dtype != np.uint8:
        pixels, meta = scale_to_8_bit(pixels)
    return Clip(pixels, picture_affine(), {"spacing_trust": "absent", "partial": False, **meta})


def read_npy(path: Path, options: ReadOptions) -> Clip:
    """Read an array ``(H, W, T)``: lateral, depth, time, or one frame ``(H, W)``; values are kept as they are."""
    try:
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except (EOFError, OSError, ValueError) as error:
        raise ClipReadError(f"{path} cannot be read as an array ({error}); copy it again from its source.") from error
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.dtype.kind not in "buif":
        raise ClipReadError(
            f"{path} has shape {pixels.shape} and type {pixels.dtype}, expected a gray clip (H, W, T) or frame (H, W)."
        )
    check_size(path, pixels.shape, options.max_voxels)
    return Clip(np.array(pixels), picture_affine(), {"spacing_trust": "absent", "partial": False})


def _parts(name: str) -> list[str]:
    return re.split(r"(\d+)", name.lower())


def _read_png(path: Path, count: int, options: ReadOptions) -> np.ndarray:
    """One frame, lateral first."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    try:
        with Image.open(path, formats=("PNG",)) as image:
            check_size(path, (*image.size, count), options.max_voxels)
            deep = image.mode.startswith(("I", "F"))
            pixels = np.asarray(image if deep or image.mode == "L" else image.convert("RGB"))
    except ClipReadError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ClipReadError(f"{path} cannot be read as PNG; copy it again from its source.") from error
    return (luma(pixels) if pixels.ndim == 3 else pixels).T
