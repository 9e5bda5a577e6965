"""Pixel data of a DICOM Segmentation, one bit per pixel, without a whole clip in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np

from gdkvm_monai.labels import BACKGROUND, STRUCTURES

__all__ = ["pack_planes", "store_planes"]


def store_planes(
    file: BinaryIO, masks: Iterable[np.ndarray], header: Any, structures: Sequence[str], allow_partial: bool
) -> int:
    """Write the planes of each mask, each starting on a byte boundary.

    Args:
        file: file to write to.
        masks: integer class indices ``(H, W)``, lateral and depth.
        header: header of the clip.
        structures: structures, one plane each per mask.
        allow_partial: accept fewer masks than the clip has frames.

    Returns:
        The number of masks.

    Raises:
        ValueError: if the number, shape, or values of the masks do not match the clip and the structures.
    """
    count = 0
    for mask in masks:
        count += 1
        _check_mask(mask, count, header)
        file.write(np.packbits(_planes(mask, structures), axis=1).tobytes())
    if count < (1 if allow_partial else header.NumberOfFrames):
        raise ValueError(
            f"{count} masks are given, but the clip has {header.NumberOfFrames} frames; pass one per frame, or set "
            f"allow_partial if at least the first frame has one."
        )
    return count


def _check_mask(mask: np.ndarray, number: int, header: Any) -> None:
    if number > header.NumberOfFrames:
        raise ValueError(
            f"there are more masks than the {header.NumberOfFrames} frames of the clip; pass one mask per frame."
        )
    if mask.shape != (header.Columns, header.Rows) or not np.issubdtype(mask.dtype, np.integer):
        raise ValueError(
            f"mask {number} is {mask.shape} of {mask.dtype}, expected integers of the clip's size (lateral, depth) "
            f"({header.Columns}, {header.Rows}); place masks of a cropped or resized clip on its full grid."
        )


def _planes(mask: np.ndarray, structures: Sequence[str]) -> np.ndarray:
    """Return whether each pixel belongs to each structure, ``(structures, rows * columns)``."""
    upright = mask.T.ravel()
    planes = np.stack([np.isin(upright, STRUCTURES[name]) for name in structures])
    unknown = np.unique(upright[~planes.any(axis=0) & (upright != BACKGROUND)])
    if unknown.size:
        raise ValueError(f"a mask holds {unknown.tolist()}, labels of none of {tuple(structures)}; add or clear them.")
    return planes


def pack_planes(planes: BinaryIO, pixels: BinaryIO, segments: int, count: int, size: int) -> None:
    """Order planes by segment without padding, although most planes do not end on a byte boundary (PS3.5, 8.1.1).

    Args:
        planes: file that :func:`store_planes` wrote.
        pixels: file to write to; it is rewound at the end.
        segments: number of planes of each mask.
        count: number of masks.
        size: number of pixels of a plane.
    """
    stride, rest = -(-size // 8), np.empty(0, np.uint8)
    for segment in range(segments):
        for frame in range(count):
            planes.seek((frame * segments + segment) * stride)
            plane = np.unpackbits(np.frombuffer(planes.read(stride), np.uint8), count=size)
            bits = np.concatenate([rest, plane])
            whole = bits.size // 8 * 8
            pixels.write(np.packbits(bits[:whole], bitorder="little").tobytes())
            rest = bits[whole:]
    pixels.write(np.packbits(rest, bitorder="little").tobytes())
    pixels.write(bytes(pixels.tell() % 2))
    pixels.seek(0)
