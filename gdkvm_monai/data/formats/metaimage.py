"""MetaImage clips, read with SimpleITK: MONAI's own reader mistakes the time axis for depth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK

from gdkvm_monai.data.clip import ClipReadError, ClipStream, ReadOptions, check_size
from gdkvm_monai.data.geometry import spacing_meta

__all__ = ["open_metaimage"]


def open_metaimage(path: Path, options: ReadOptions) -> ClipStream:
    """Stream a ``.mhd`` or ``.mha`` clip ``(H, W, T)`` or frame ``(H, W)``; a compressed file is loaded as a whole."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _damaged(path) from error
    size, components = reader.GetSize(), reader.GetNumberOfComponents()
    check_size(path, size, options.max_voxels)
    if len(size) not in (2, 3) or components != 1:
        shape = (components, *size) if components > 1 else size
        raise ClipReadError(f"{path} has shape {shape}, expected a gray clip (H, W, T) or a frame (H, W).")
    spacing, origin = (*reader.GetSpacing(), 1.0)[:3], (*reader.GetOrigin(), 0.0)[:3]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    affine[:2] *= -1  # ITK's axes point left and posterior, a NIfTI affine's right and anterior
    count = size[2] if len(size) == 3 else 1
    return ClipStream(size[:2], count, affine, spacing_meta(affine), partial(_frames, path, reader, count))


def _frames(path: Path, reader: SimpleITK.ImageFileReader, count: int) -> Iterator[np.ndarray]:
    size = reader.GetSize()
    try:
        if len(size) == 2 or _is_compressed(path):
            yield from SimpleITK.GetArrayFromImage(reader.Execute()).reshape(count, size[1], size[0]).transpose(0, 2, 1)
            return
        for index in range(count):
            reader.SetExtractIndex((0, 0, index))
            reader.SetExtractSize((*size[:2], 1))
            yield SimpleITK.GetArrayFromImage(reader.Execute())[0].T  # (z, y, x) -> (x, y)
    except RuntimeError as error:
        raise _damaged(path) from error


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(1 << 16).partition(b"ElementDataFile")[0]
    return any(line.split() == [b"CompressedData", b"=", b"True"] for line in header.splitlines())


def _damaged(path: Path) -> ClipReadError:
    return ClipReadError(f"{path} cannot be read as MetaImage; check that its .raw file is complete and beside it.")
