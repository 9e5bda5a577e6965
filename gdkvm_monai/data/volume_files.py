"""NIfTI and MetaImage clips: MONAI's own readers take the time axis for channels or depth."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK

from .clip import Clip, ClipReadError, ReadOptions, check_size

__all__ = ["read_metaimage", "read_nifti"]

DEFLATE_LIMIT = 1032  # no gzip stream holds more bytes than this for each of its own


def read_nifti(path: Path, options: ReadOptions) -> Clip:
    """Read ``(H, W, T)``, ``(H, W, 1, T)``, ``(H, W, T, 1)`` or one frame ``(H, W)``."""
    # nibabel, not SimpleITK: SimpleITK fills a truncated file with zeros
    try:
        image = nibabel.load(path)
        _check_bytes(path, image)
        if math.prod(image.shape) > 0:
            check_size(path, image.shape, options.max_voxels)
        pixels = np.asanyarray(image.dataobj)
    except ClipReadError:
        raise
    except (EOFError, OSError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise ClipReadError(f"{path} cannot be read as NIfTI ({error}); copy it again from its source.") from error
    shape, zooms = pixels.shape, image.header.get_zooms()
    if pixels.ndim == 4 and 1 in pixels.shape[2:]:  # (H, W, 1, T) and (H, W, T, 1); a fifth axis is color
        pixels = pixels.squeeze(2 + pixels.shape[2:].index(1))
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.dtype.names:  # NIfTI has color as a compound type, too
        raise ClipReadError(
            f"{path} has shape {shape} and type {pixels.dtype}, "
            "expected a gray clip (H, W, T), (H, W, 1, T) or a frame (H, W)."
        )
    check_size(path, pixels.shape, options.max_voxels)
    affine = np.asarray(image.affine, dtype=float).copy()
    if len(zooms) > 3 and shape[2] == 1:  # time is the fourth axis of the file and the third of the clip
        affine[:3, 2] *= (zooms[3] or 1) / zooms[2]  # along the normal, so that the affine of any plane can be inverted
    return Clip(pixels, affine, _meta(affine))


def read_metaimage(path: Path, options: ReadOptions) -> Clip:
    """Read a ``.mhd`` or ``.mha`` clip ``(H, W, T)`` or frame ``(H, W)``."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        check_size(path, reader.GetSize(), options.max_voxels)
        image = reader.Execute()
    except RuntimeError as error:
        raise ClipReadError(f"{path} cannot be read as MetaImage; is its .raw file complete and beside it?") from error
    pixels = SimpleITK.GetArrayFromImage(image).T  # (z, y, x) -> (x, y, z)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ClipReadError(f"{path} has shape {pixels.shape}, expected a gray clip (H, W, T) or a frame (H, W).")
    spacing, origin = (*image.GetSpacing(), 1.0)[:3], (*image.GetOrigin(), 0.0)[:3]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    affine[:2] *= -1  # ITK's axes point left and posterior, a NIfTI affine's right and anterior
    return Clip(np.ascontiguousarray(pixels), affine, _meta(affine))


def _check_bytes(path: Path, image) -> None:
    """A header of a kilobyte can claim terabytes: compare with the file's size before memory is asked for."""
    claimed = math.prod(int(length) for length in image.shape) * image.get_data_dtype().itemsize
    held = path.stat().st_size * (DEFLATE_LIMIT if path.suffix.lower() == ".gz" else 1)
    if claimed > held:
        raise OSError(f"its header claims {claimed} bytes, the file holds {'at most ' * (path.suffix == '.gz')}{held}")


def _meta(affine: np.ndarray) -> dict:
    spacing_mm = np.linalg.norm(affine[:3, :2], axis=0)
    known = np.isfinite(spacing_mm).all() and (spacing_mm > 0).all() and not (spacing_mm == 1).all()
    return {"spacing_trust": "ok" if known else "absent", "partial": False}  # 1 x 1 is what is written for want of one
