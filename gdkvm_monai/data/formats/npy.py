"""NumPy arrays in ``.npy`` files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tokenize import TokenError

import numpy as np

from gdkvm_monai.data.clip import ClipMeta, ClipReadError, ClipStream, ReadOptions, check_size
from gdkvm_monai.data.geometry import picture_affine

__all__ = ["open_npy"]


def open_npy(path: Path, options: ReadOptions) -> ClipStream:
    """Stream an array ``(H, W, T)`` (lateral, depth, time) or one frame ``(H, W)``; values are unchanged.

    The file is memory-mapped rather than loaded.
    """
    try:
        pixels = np.lib.format.open_memmap(path, mode="r")
    except (EOFError, OSError, SyntaxError, TokenError, ValueError) as error:
        # the text of the error would quote the header
        raise ClipReadError(f"{path} cannot be read as an array; copy it again from its source.") from error
    stated, size = pixels.offset + pixels.nbytes, path.stat().st_size
    if size != stated:
        raise ClipReadError(f"{path} has {size} bytes, but its header states {stated}; copy it again from its source.")
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.dtype.kind not in "buif":
        kind = "records" if pixels.dtype.names else pixels.dtype  # names of columns can be any text
        raise ClipReadError(
            f"{path} has shape {pixels.shape} and type {kind}, expected a gray clip (H, W, T) or frame (H, W)."
        )
    check_size(path, pixels.shape, options.max_voxels)
    meta: ClipMeta = {"spacing_trust": "absent", "partial": False}
    return ClipStream(pixels.shape[:2], pixels.shape[2], picture_affine(), meta, partial(_npy_frames, path))


def _npy_frames(path: Path) -> Iterator[np.ndarray]:
    pixels = np.lib.format.open_memmap(path, mode="r")
    for index in range(pixels.shape[2] if pixels.ndim == 3 else 1):
        yield np.array(pixels[..., index] if pixels.ndim == 3 else pixels)
