"""MetaImage clips: MONAI's reader mistakes the time axis for depth, and ITK trusts the header."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from gdkvm_monai.data.clip import ClipReadError, ClipStream, ReadOptions, check_size
from gdkvm_monai.data.formats.metaimage_header import MetaImageHeader, read_metaimage_header
from gdkvm_monai.data.geometry import spacing_meta

__all__ = ["open_metaimage"]

CHUNK = 1 << 16
ZLIB_OR_GZIP = 47  # window bits


def open_metaimage(path: Path, options: ReadOptions) -> ClipStream:
    """Stream a ``.mhd`` or ``.mha`` clip ``(H, W, T)`` or frame ``(H, W)``, also a compressed one.

    Raises:
        ClipReadError: if the header is wrong, or there are fewer or more pixels than it states.
    """
    header = read_metaimage_header(path)
    check_size(path, header.size, options.max_voxels)
    if len(header.size) not in (2, 3) or header.channels != 1:
        shape = (header.channels, *header.size) if header.channels > 1 else header.size
        raise ClipReadError(f"{path} has shape {shape}, expected a gray clip (H, W, T) or a frame (H, W).")
    count = header.size[2] if len(header.size) == 3 else 1
    _check_bytes(path, header, count)
    affine = np.diag([*(*header.spacing, 1.0)[:3], 1.0])
    affine[:3, 3] = (*header.origin, 0.0)[:3]
    affine[:2] *= -header.unit_mm  # ITK's axes point left and posterior, a NIfTI affine's right and anterior
    read = partial(_frames, path, header, count)
    return ClipStream(header.size[:2], count, affine, spacing_meta(affine, header.size), read)


def _check_bytes(path: Path, header: MetaImageHeader, count: int) -> None:
    """Compare the claimed size with the files, before memory is allocated; compressed pixels are counted later."""
    for file in header.files:
        if not file.is_file():
            raise _damaged(path, "a file that its header names is missing")
    if len(header.files) not in (1, count):
        raise _damaged(path, f"its header states {count} frames, but {len(header.files)} files")
    if not header.compressed:
        claimed = header.frame_bytes * count // len(header.files)
        for file in header.files:
            held = file.stat().st_size - (header.skip or 0)
            if held < claimed or held > claimed and header.skip is not None:
                raise _damaged(path, f"its header claims {claimed} bytes, but a file holds {held}")


def _frames(path: Path, header: MetaImageHeader, count: int) -> Iterator[np.ndarray]:
    each = count // len(header.files)
    for file in header.files:
        for pixels in (_unpack if header.compressed else _read)(path, file, header, each):
            frame = np.frombuffer(pixels, header.dtype).reshape(header.size[:2], order="F")
            yield frame.astype(header.dtype.newbyteorder("="))


def _read(path: Path, file: Path, header: MetaImageHeader, count: int) -> Iterator[bytes]:
    skip = file.stat().st_size - header.frame_bytes * count if header.skip is None else header.skip
    with file.open("rb") as content:
        content.seek(skip)
        for _ in range(count):
            pixels = content.read(header.frame_bytes)
            if len(pixels) < header.frame_bytes:
                raise _damaged(path, "a file became shorter while it was read")
            yield pixels


def _unpack(path: Path, file: Path, header: MetaImageHeader, count: int) -> Iterator[bytes]:
    """Decompress frame by frame, so that a small file cannot fill the memory."""
    unpacker, packed, pixels = zlib.decompressobj(ZLIB_OR_GZIP), b"", b""
    with file.open("rb") as content:
        content.seek(header.skip or 0)
        try:
            for _ in range(count):
                while len(pixels) < header.frame_bytes:
                    packed = packed or content.read(CHUNK)
                    pixels += unpacker.decompress(packed, header.frame_bytes - len(pixels))
                    if unpacker.eof or not packed:
                        break
                    packed = unpacker.unconsumed_tail
                if len(pixels) < header.frame_bytes:
                    raise _damaged(path, f"its compressed pixels end before {count} frames")
                yield pixels
                pixels = b""
            while not unpacker.eof and (packed := unpacker.unconsumed_tail or content.read(CHUNK)):
                if unpacker.decompress(packed, 1):
                    raise _damaged(path, f"its header states {count} frames, but more can be decompressed")
        except zlib.error as error:
            raise _damaged(path, "its compressed pixels are damaged") from error
    if not unpacker.eof:
        raise _damaged(path, "its compressed pixels have no end")


def _damaged(path: Path, cause: str) -> ClipReadError:
    return ClipReadError(f"{path} cannot be read as MetaImage: {cause}; copy all of its files again.")
