"""What every reader of clips gives and raises: one clip, one error, one way to gray."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["Clip", "ClipReadError", "ReadOptions", "check_size", "luma", "picture_affine", "scale_to_8_bit"]

INSTALL = 'pip install "gdkvm-monai[{}]"'


class ClipReadError(OSError, ValueError):
    """A file that cannot be read as a clip: damaged, of another kind, or in need of a package that is missing.

    It is both an ``OSError`` and a ``ValueError``, so that one ``except`` serves for the file and for what it holds.
    """


@dataclass(frozen=True)
class Clip:
    """One clip; it unpacks to ``pixels, affine``.

    Attributes:
        pixels: ``(H, W, T)``: lateral, depth, time.
        affine: ``(4, 4)``, millimeters per pixel in-plane where ``spacing_trust`` is ``ok``, and the frame spacing
            along the last axis.
        meta: numbers and strings only, so that clips can be collated: ``spacing_trust`` (``ok``, ``scaled``, ``absent``
            or ``conflict``), ``partial`` (whether frames are missing), ``frame_time_ms`` (mean time between frames) and
            ``frame_times_ms`` (onsets, separated by blanks, where frames are uneven) where they are known.
    """

    pixels: np.ndarray
    affine: np.ndarray
    meta: dict = field(default_factory=dict)

    def __iter__(self):
        return iter((self.pixels, self.affine))


@dataclass(frozen=True)
class ReadOptions:
    """What a reader may do.

    Attributes:
        max_voxels: most pixels (H x W x T) that a file may claim to hold.
        crop: cut an ultrasound DICOM to its 2-D tissue region, unless ``spacing_trust`` is ``scaled``.
        force: read Doppler and M-mode, too.
        allow_partial: accept a clip whose end is missing; ``partial`` in its metadata is then true.
    """

    max_voxels: int = 2_000_000_000
    crop: bool = False
    force: bool = False
    allow_partial: bool = False


def check_size(path: Path, shape: Sequence[int], max_voxels: int) -> None:
    """Refuse what a file claims to hold before memory is asked for.

    Raises:
        ClipReadError: when ``shape`` is empty along an axis or exceeds ``max_voxels``.
    """
    claimed = " x ".join(str(int(length)) for length in shape)
    if any(length < 1 for length in shape):
        raise ClipReadError(f"{path} holds no pixels, its size is {claimed}; export the clip again.")
    if math.prod(int(length) for length in shape) > max_voxels:
        raise ClipReadError(f"{path} claims {claimed} pixels, max_voxels is {max_voxels}; raise it if that is true.")


def picture_affine(spacing_mm: Sequence[float] = (1, 1), frame_time_s: float = 1, corner=(0, 0)) -> np.ndarray:
    """Affine ``(4, 4)`` of an upright picture whose first axis points right and whose second points down, as CAMUS's.

    Args:
        spacing_mm: lateral and in depth.
        frame_time_s: along the last axis, one where it is unknown.
        corner: position of the first pixel in the full picture, in pixels.
    """
    affine = np.diag([-spacing_mm[0], -spacing_mm[1], frame_time_s, 1.0]).astype(float)
    affine[:2, 3] = -spacing_mm[0] * corner[0], -spacing_mm[1] * corner[1]
    return affine


def luma(rgb: np.ndarray) -> np.ndarray:
    """Gray of a color picture, ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601, the Y of YBR_FULL), rounded.

    Args:
        rgb: ``(..., 3)``, unsigned integers of at most 16 bits.

    Returns:
        ``(...)`` of the same type.

    Example:
        >>> luma(np.array([[255, 0, 0], [7, 7, 7]], dtype=np.uint8)).tolist()
        [76, 7]
    """
    red, green, blue = (rgb[..., channel].astype(np.uint32) for channel in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(rgb.dtype)


def scale_to_8_bit(pixels: np.ndarray) -> tuple[np.ndarray, dict]:
    """Scale pixels of more than 8 bits: their 0.1st percentile becomes 0 and their 99.9th 255, over the whole clip.

    Returns:
        Pixels as ``uint8``, and the two values as ``intensity_low`` and ``intensity_high``; a constant clip becomes 0.
    """
    low, high = (float(value) for value in np.percentile(pixels, (0.1, 99.9)))
    scaled = (pixels.astype(np.float32) - low) * (255 / (high - low) if high > low else 0)
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8), {"intensity_low": low, "intensity_high": high}
