"""What every reader of clips gives and raises: a stream of frames, a clip, an error; and how color becomes gray."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["Clip", "ClipReadError", "ClipStream", "ReadOptions", "check_size", "luma"]

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


class ClipStream:
    """The frames of one clip, one at a time, so that memory does not grow with the clip.

    Use it in a ``with`` block, which closes the file. Each iteration begins again at the first frame. What is wrong
    with a frame, or with their number, is raised where it is met: a consumer must then discard what it has made of the
    frames before.

    Args:
        shape: ``(H, W)``: lateral, depth.
        count: frames that the file states, ``None`` where it does not say.
        affine: ``(4, 4)``, as :class:`Clip`'s.
        meta: as :class:`Clip`'s; complete once the frames are exhausted: ``partial`` may turn true until then.
        read: opens the file and yields its frames ``(H, W)``, all of one type.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        count: int | None,
        affine: np.ndarray,
        meta: dict,
        read: Callable[[], Iterator[np.ndarray]],
    ) -> None:
        self.shape, self.count, self.affine, self.meta = shape, count, affine, meta
        self._read = read
        self._frames: Iterator[np.ndarray] = iter(())

    def __iter__(self) -> Iterator[np.ndarray]:
        self.close()
        self._frames = self._read()
        return self._frames

    def __enter__(self) -> ClipStream:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; it is opened again by another iteration."""
        if hasattr(self._frames, "close"):
            self._frames.close()

    def collect(self) -> Clip:
        """All frames as one :class:`Clip`."""
        with self:
            pixels = np.stack(list(self), axis=-1)
        return Clip(pixels, self.affine, self.meta)


@dataclass(frozen=True)
class ReadOptions:
    """What a reader may do.

    Attributes:
        max_voxels: most pixels (H x W x T) that a file may claim to hold.
        force: read Doppler and M-mode, too.
        allow_partial: accept a DICOM or video clip whose end is missing; ``partial`` in its metadata is then true.
    """

    max_voxels: int = 2_000_000_000
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
