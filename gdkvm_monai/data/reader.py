"""MONAI image reader for echo clips: MONAI's own readers mistake the time axis for channels or depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys

from gdkvm_monai.data.clip import Clip, ReadOptions
from gdkvm_monai.data.open import CLIP_SUFFIXES, open_clip

__all__ = ["ClipReader"]


class ClipReader(ImageReader):
    """Read one clip, ``(H, W, T)``: lateral, depth, time.

    It reads NIfTI, MetaImage, ultrasound DICOM (also without a suffix), AVI, MP4, Matroska, ``.npy``, a folder of PNG
    frames, or a list of single-frame files in time order. :func:`~gdkvm_monai.data.open.open_clip` reads the same
    without loading the whole clip. Nothing is reoriented, because reorienting by the affine would reverse time.
    Color is converted to gray; other values keep their type, and frames are not cropped: apply
    :class:`~gdkvm_monai.transforms.CropToRegiond` and :class:`~gdkvm_monai.transforms.ScaleToGrayd` afterward.

    Use it as the ``reader`` of MONAI's ``LoadImaged``. The metadata are described at
    :class:`~gdkvm_monai.data.clip.Clip`. DICOM and video require the extras ``dicom`` and ``video``.

    Args:
        max_voxels: largest number of pixels (H x W x T) that a file may claim; checked before memory is allocated.
        force: also read Doppler and M-mode.
        allow_partial: accept a DICOM or video clip whose end is missing; its metadata then say ``partial``.
        region: which of the tissue regions of a DICOM clip to read; see :class:`~gdkvm_monai.data.clip.ReadOptions`.

    Raises:
        ClipReadError: (an ``OSError`` and a ``ValueError``) if a file is damaged, has another format, or is not a
            single-channel clip, if the frames of a list do not match, or if a package is missing.
        FileNotFoundError: if a file is missing.

    Example:
        >>> from monai.transforms import LoadImage
        >>> load = LoadImage(reader=ClipReader(), ensure_channel_first=True)  # gives (1, H, W, T)
    """

    def __init__(
        self,
        max_voxels: int = ReadOptions.max_voxels,
        force: bool = False,
        allow_partial: bool = False,
        region: int | None = None,
    ) -> None:
        super().__init__()
        self.options = ReadOptions(max_voxels, force, allow_partial, region)

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether every name is a folder or has the suffix of a clip."""
        names = filename if isinstance(filename, (list, tuple)) else [filename]
        return all(str(name).lower().endswith(CLIP_SUFFIXES) or Path(name).is_dir() for name in names)

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs) -> Clip:
        """Read one file or folder, or several single-frame files."""
        return open_clip(data, self.options).collect()

    def get_data(self, img: Clip) -> tuple[np.ndarray, dict]:
        """Return pixels ``(H, W, T)`` and the metadata that MONAI's transforms and writers use."""
        meta = {
            **img.meta,
            "pixel_type": img.pixels.dtype.name,
            MetaKeys.AFFINE: img.affine.copy(),
            MetaKeys.ORIGINAL_AFFINE: img.affine.copy(),
            MetaKeys.SPATIAL_SHAPE: np.asarray(img.pixels.shape),
            MetaKeys.ORIGINAL_CHANNEL_DIM: float("nan"),
            MetaKeys.SPACE: SpaceKeys.RAS,
        }
        return img.pixels, meta
