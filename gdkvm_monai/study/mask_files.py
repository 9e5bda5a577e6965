"""Writers for masks and probabilities as NIfTI, label images, and arrays; most keep one frame in memory at a time."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

from gdkvm_monai.data.frame_cache import FrameCache

__all__ = ["write_nifti_mask", "write_npy", "write_npz_mask", "write_png_masks"]

NIFTI_1_LIMIT = 32767  # longest axis that NIfTI-1 can state


def write_nifti_mask(path: Path, masks: FrameCache, affine: np.ndarray) -> None:
    """Write masks ``(H, W, T)`` as ``.nii.gz`` on the clip's grid, as NIfTI-2 if an axis is too long for NIfTI-1.

    Args:
        path: file to write.
        masks: class indices.
        affine: affine of the clip, ``(4, 4)``: mm per pixel in-plane, frame spacing along the last axis.
    """
    shape = (*masks.shape, len(masks))
    # one zero broadcast to the whole clip is enough for nibabel to compose the header
    nifti = nibabel.Nifti1Image if max(shape) <= NIFTI_1_LIMIT else nibabel.Nifti2Image
    header = nifti(np.broadcast_to(masks.dtype.type(0), shape), affine).header
    header.set_xyzt_units("mm")
    header["magic"], header["vox_offset"] = header.single_magic, header.single_vox_offset
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", compresslevel=4, fileobj=raw, mtime=0) as file:
        file.write(header.binaryblock.ljust(header.single_vox_offset, b"\0"))  # no extensions
        for frame in masks:
            file.write(frame.tobytes(order="F"))


def write_png_masks(folder: Path, masks: FrameCache, colors: Sequence[Sequence[int]]) -> None:
    """Write one upright image per frame (``00000.png``, ...) whose pixels are class indices.

    Args:
        folder: created if missing.
        masks: class indices.
        colors: palette for viewers, one color per class, background first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    palette = [int(channel) for color in colors for channel in color]
    for index, frame in enumerate(masks):
        picture = Image.fromarray(np.ascontiguousarray(frame.T), mode="P")
        picture.putpalette(palette)
        picture.save(folder / f"{index:05d}.png", optimize=True)


def write_npz_mask(path: Path, masks: FrameCache, affine: np.ndarray) -> None:
    """Write ``mask`` ``(H, W, T)`` and ``affine`` ``(4, 4)`` as compressed ``.npz``, with the whole clip in memory."""
    np.savez_compressed(path, mask=masks.stack(), affine=affine)


def write_npy(path: Path, frames: FrameCache) -> None:
    """Write frames as a ``.npy`` array whose last axis is time."""
    header = {
        "descr": np.lib.format.dtype_to_descr(frames.dtype),
        "fortran_order": True,
        "shape": (*frames.shape, len(frames)),
    }
    with open(path, "wb") as file, open(frames.path, "rb") as pixels:
        np.lib.format.write_array_header_1_0(file, header)
        shutil.copyfileobj(pixels, file)
