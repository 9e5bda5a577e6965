"""A reader for echo clips: MONAI's own take the time axis of a 2-D+t file for channels or depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys

from .clip import Clip, ClipReadError, ReadOptions
from .dicom_ultrasound import is_dicom, read_dicom
from .picture_files import read_npy, read_png_folder, read_png_frames
from .video import read_video
from .volume_files import read_metaimage, read_nifti

__all__ = ["CLIP_SUFFIXES", "ClipReader"]

READERS = {
    (".nii", ".nii.gz"): read_nifti,
    (".mhd", ".mha"): read_metaimage,
    (".dcm", ".dicom"): read_dicom,
    (".avi", ".mp4", ".m4v", ".mov"): read_video,
    (".npy",): read_npy,
}
CLIP_SUFFIXES = tuple(suffix for suffixes in READERS for suffix in suffixes)


class ClipReader(ImageReader):
    """Read one clip, ``(H, W, T)``: lateral, depth, time.

    It reads NIfTI, MetaImage, ultrasound DICOM (also without a suffix), AVI, MP4, ``.npy``, a folder of PNG frames, or
    a list of single-frame files in time order. Nothing is reoriented, because reorienting by the affine would reverse
    time. Pictures become 8-bit gray; NIfTI, MetaImage and arrays, which may be masks, keep their values.

    Use it as the ``reader`` of MONAI's ``LoadImaged``. What it knows of a clip stands in the metadata, see
    :class:`~gdkvm_monai.data.clip.Clip`. DICOM and video need the extras ``dicom`` and ``video``.

    Args:
        max_voxels: most pixels (H x W x T) that a file may claim to hold; checked before memory is asked for.
        crop: cut an ultrasound DICOM to its 2-D tissue region, unless that does not fit into the picture.
        force: read Doppler and M-mode, too.
        allow_partial: accept a DICOM or video clip whose end is missing; ``partial`` in its metadata is then true.

    Raises:
        ClipReadError: (an ``OSError`` and a ``ValueError``) when a file is damaged, of another format, or not a
            single-channel clip, when the frames of a list do not match, or when a package is missing.
        FileNotFoundError: when a file is missing.

    Example:
        >>> from monai.transforms import LoadImage
        >>> load = LoadImage(reader=ClipReader(), ensure_channel_first=True)  # gives (1, H, W, T)
    """

    def __init__(
        self,
        max_voxels: int = ReadOptions.max_voxels,
        crop: bool = False,
        force: bool = False,
        allow_partial: bool = False,
    ) -> None:
        super().__init__()
        self.options = ReadOptions(max_voxels, crop, force, allow_partial)

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether every name is a folder or ends as a clip does."""
        return all(str(name).lower().endswith(CLIP_SUFFIXES) or Path(name).is_dir() for name in _names(filename))

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs) -> Clip:
        """Read one file or folder, or several files of one frame each."""
        names = [Path(name) for name in _names(data)]
        if not names:
            raise ClipReadError("the list of a clip's files is empty; name at least one.")
        if len(names) > 1 and all(name.suffix.lower() == ".png" for name in names):
            return read_png_frames(names, self.options)
        clips = [_read_file(name, self.options) for name in names]
        return _join(names, clips) if len(clips) > 1 else clips[0]

    def get_data(self, img: Clip) -> tuple[np.ndarray, dict]:
        """Pixels ``(H, W, T)`` and the metadata that MONAI's transforms and writers use."""
        meta = {
            **img.meta,
            MetaKeys.AFFINE: img.affine.copy(),
            MetaKeys.ORIGINAL_AFFINE: img.affine.copy(),
            MetaKeys.SPATIAL_SHAPE: np.asarray(img.pixels.shape),
            MetaKeys.ORIGINAL_CHANNEL_DIM: float("nan"),
            MetaKeys.SPACE: SpaceKeys.RAS,
        }
        return img.pixels, meta


def _names(data: Sequence[PathLike] | PathLike) -> list[PathLike]:
    return list(data) if isinstance(data, (list, tuple)) else [data]


def _read_file(path: Path, options: ReadOptions) -> Clip:
    if path.is_dir():
        return read_png_folder(path, options)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist; check the path.")
    for suffixes, read in READERS.items():
        if path.name.lower().endswith(suffixes):
            return read(path, options)
    if is_dicom(path):
        return read_dicom(path, options)
    raise ClipReadError(
        f"{path} is not a clip that can be read; give {', '.join(CLIP_SUFFIXES)} or a folder of .png frames."
    )


def _join(names: Sequence[Path], clips: Sequence[Clip]) -> Clip:
    first = clips[0]
    for name, clip in zip(names, clips):
        if clip.pixels.shape != (*first.pixels.shape[:2], 1) or not np.allclose(clip.affine, first.affine):
            raise ClipReadError(
                f"{name} has shape {clip.pixels.shape}, but a clip of several files needs single frames of one "
                f"size and spacing, here {first.pixels.shape[:2]}; name the frames of one clip only."
            )
    return Clip(np.concatenate([clip.pixels for clip in clips], axis=-1), first.affine, first.meta)
