"""A reader for echo clips: MONAI's own take the time axis of a 2-D+t file for channels or depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nibabel
import numpy as np
import SimpleITK
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys

__all__ = ["ClipReader"]

NIFTI_SUFFIXES = (".nii", ".nii.gz")
METAIMAGE_SUFFIXES = (".mhd", ".mha")


class Clip(NamedTuple):
    """Pixels ``(H, W, T)`` and the affine (4, 4): millimetres per pixel in-plane, frame spacing along the last axis."""

    pixels: np.ndarray
    affine: np.ndarray


class ClipReader(ImageReader):
    """Read one clip, ``(H, W, T)``, from a NIfTI or MetaImage file, or from a list of single-frame files in time order.

    The first axis is lateral and the second is depth, as nibabel gives CAMUS's files; nothing is reoriented, because
    reorienting by the affine would reverse time. Use it as the ``reader`` of MONAI's ``LoadImaged``.

    Raises:
        ValueError: when a file is of another format, not a single-channel clip, or the frames of a list do not match.
        FileNotFoundError: when a file is missing.
        OSError: when a file is damaged.

    Example:
        >>> from monai.transforms import LoadImage
        >>> load = LoadImage(reader=ClipReader(), ensure_channel_first=True)  # gives (1, H, W, T)
    """

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether every name ends in ``.nii``, ``.nii.gz``, ``.mhd`` or ``.mha``."""
        return all(str(name).lower().endswith(NIFTI_SUFFIXES + METAIMAGE_SUFFIXES) for name in _names(filename))

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs) -> Clip:
        """Read one file, or several of one frame each."""
        clips = [_read_file(Path(name)) for name in _names(data)]
        if not clips:
            raise ValueError("the list of a clip's files is empty; name at least one.")
        first = clips[0]
        if len(clips) == 1:
            return first
        for name, clip in zip(_names(data), clips):
            if clip.pixels.shape != (*first.pixels.shape[:2], 1) or not np.allclose(clip.affine, first.affine):
                raise ValueError(
                    f"{name} has shape {clip.pixels.shape}, but a clip of several files needs single frames of one "
                    f"size and spacing, here {first.pixels.shape[:2]}; name the frames of one clip only."
                )
        return Clip(np.concatenate([clip.pixels for clip in clips], axis=-1), first.affine)

    def get_data(self, img: Clip) -> tuple[np.ndarray, dict]:
        """Pixels ``(H, W, T)`` and the metadata that MONAI's transforms and writers use."""
        meta = {
            MetaKeys.AFFINE: img.affine.copy(),
            MetaKeys.ORIGINAL_AFFINE: img.affine.copy(),
            MetaKeys.SPATIAL_SHAPE: np.asarray(img.pixels.shape),
            MetaKeys.ORIGINAL_CHANNEL_DIM: float("nan"),
            MetaKeys.SPACE: SpaceKeys.RAS,
        }
        return img.pixels, meta


def _names(data: Sequence[PathLike] | PathLike) -> list[PathLike]:
    return list(data) if isinstance(data, (list, tuple)) else [data]


def _read_file(path: Path) -> Clip:
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    name = path.name.lower()
    if name.endswith(NIFTI_SUFFIXES):
        return _read_nifti(path)
    if name.endswith(METAIMAGE_SUFFIXES):
        return _read_metaimage(path)
    raise ValueError(f"{path} is not a clip that can be read; give {', '.join(NIFTI_SUFFIXES + METAIMAGE_SUFFIXES)}.")


def _read_nifti(path: Path) -> Clip:
    # nibabel, not SimpleITK: SimpleITK fills a truncated file with zeros
    try:
        image = nibabel.load(path)
        pixels = np.asanyarray(image.dataobj)
    except (EOFError, OSError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise OSError(f"{path} cannot be read as NIfTI ({error}); copy it again from its source.") from error
    shape, zooms = pixels.shape, image.header.get_zooms()
    if pixels.ndim == 4 and 1 in pixels.shape[2:]:  # (H, W, 1, T) and (H, W, T, 1); a fifth axis is color
        pixels = pixels.squeeze(2 + pixels.shape[2:].index(1))
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.dtype.names:  # NIfTI has color as a compound type, too
        raise ValueError(
            f"{path} has shape {shape} and type {pixels.dtype}, "
            "expected a gray clip (H, W, T), (H, W, 1, T) or a frame (H, W)."
        )
    affine = np.asarray(image.affine, dtype=float).copy()
    if len(zooms) > 3 and shape[2] == 1:  # time is the fourth axis of the file and the third of the clip
        affine[:3, 2] *= (zooms[3] or 1) / zooms[2]  # along the normal, so that the affine of any plane can be inverted
    return Clip(pixels, affine)


def _read_metaimage(path: Path) -> Clip:
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise OSError(f"{path} cannot be read as MetaImage; is its .raw file complete and beside it?") from error
    pixels = SimpleITK.GetArrayFromImage(image).T  # (z, y, x) -> (x, y, z)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ValueError(f"{path} has shape {pixels.shape}, expected a gray clip (H, W, T) or a frame (H, W).")
    spacing, origin = (*image.GetSpacing(), 1.0)[:3], (*image.GetOrigin(), 0.0)[:3]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    affine[:2] *= -1  # ITK's axes point left and posterior, a NIfTI affine's right and anterior
    return Clip(np.ascontiguousarray(pixels), affine)
