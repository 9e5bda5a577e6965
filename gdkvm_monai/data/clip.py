"""Types shared by all clip readers: the clip, the stream of its frames, the error; and color conversion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np

__all__ = ["PHANTOM_MARK", "Clip", "ClipMeta", "ClipReadError", "ClipStream", "ReadOptions", "check_size", "luma"]

PHANTOM_MARK = "GDKVM phantom"
"""Description in a file that shows a generated phantom; DICOM has ``QualityControlSubject`` for it."""

LARGEST_FRAME = 1 << 24
"""Pixels of a frame, 4096 x 4096: a decoder needs memory for at least one frame."""
INSTALL = 'pip install "gdkvm-monai[{}]"'


class ClipReadError(OSError, ValueError):
    """A file cannot be read as a clip: it is damaged, has another format, or requires a missing package.

    It is both an ``OSError`` and a ``ValueError``, so that one ``except`` clause covers the file and its content.
    """


class ClipMeta(TypedDict, total=False):
    """Metadata of a clip, plain values so that clips can be collated; a key is absent if the file does not state it.

    Attributes:
        spacing_trust: whether the affine holds millimeters: ``ok``, ``scaled``, ``absent``, or ``conflict``; always
            present.
        partial: whether frames are missing; always present.
        frame_time_ms: mean time between frames.
        frame_times_ms: onsets of unevenly spaced frames, separated by spaces.
        frame_time_source: where the times come from, for example ``FrameTimeVector``; without a time, what states one
            that no echo has.
        unusable_times: attribute of a DICOM header that should have given the times but cannot be used.
        fps: frames per second of a video.
        mode: ultrasound mode of a DICOM clip, for example ``B-mode``.
        phantom: whether the file says that it shows a phantom, see :data:`PHANTOM_MARK`.
        secondary_capture: whether a DICOM clip was captured from a screen or converted.
        region: tissue region of a DICOM clip: first column, first row, end column, end row.
        tissue_regions: number of its tissue regions side by side.
        tissue_region: which of them ``region`` is, from left to right, 1 or more.
        intensity_low: value that is shown black, once the gray scale has been measured.
        intensity_high: value that is shown white.
    """

    spacing_trust: str
    partial: bool
    frame_time_ms: float
    frame_times_ms: str
    frame_time_source: str
    unusable_times: str
    fps: float
    mode: str
    phantom: bool
    secondary_capture: bool
    region: tuple[int, int, int, int]
    tissue_regions: int
    tissue_region: int
    intensity_low: float
    intensity_high: float


@dataclass(frozen=True)
class Clip:
    """One clip; it unpacks to ``pixels, affine``.

    Attributes:
        pixels: ``(H, W, T)``: lateral, depth, time.
        affine: ``(4, 4)``, with millimeters per pixel in-plane if ``spacing_trust`` is ``ok``, and the time between
            frames along the last axis.
        meta: see :class:`ClipMeta`.
    """

    pixels: np.ndarray
    affine: np.ndarray
    meta: ClipMeta = field(default_factory=ClipMeta)

    def __iter__(self):
        return iter((self.pixels, self.affine))


class ClipStream:
    """The frames of one clip, one at a time, so that memory use does not depend on the length of the clip.

    Use it in a ``with`` block, which closes the file. Each iteration starts at the first frame. A damaged frame, or a
    wrong number of frames, raises an error only when the iteration reaches it; then discard the results of earlier
    frames.

    Args:
        shape: ``(H, W)``: lateral, depth.
        count: number of frames in the header, ``None`` if it states none.
        affine: see :class:`Clip`.
        meta: see :class:`ClipMeta`; final only after the last frame: ``partial`` may become true until then.
        read: opens the file and yields its frames ``(H, W)``, all of the same type.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        count: int | None,
        affine: np.ndarray,
        meta: ClipMeta,
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
        """Close the file; another iteration opens it again."""
        if hasattr(self._frames, "close"):
            self._frames.close()

    def collect(self) -> Clip:
        """Read all frames into one :class:`Clip`."""
        with self:
            pixels = np.stack(list(self), axis=-1)
        return Clip(pixels, self.affine, self.meta)


@dataclass(frozen=True)
class ReadOptions:
    """Limits and permissions of a reader.

    Attributes:
        max_voxels: largest number of pixels (H x W x T) that a file may claim.
        force: also read Doppler and M-mode.
        allow_partial: accept a DICOM or video clip whose end is missing; its metadata then say ``partial``.
        region: which of the tissue regions of a DICOM clip to read, from left to right, 1 or more; ``None`` for the
            largest.
    """

    max_voxels: int = 2_000_000_000
    force: bool = False
    allow_partial: bool = False
    region: int | None = None


def check_size(path: Path, shape: Sequence[int], max_voxels: int) -> None:
    """Check the size that a file claims before allocating memory.

    Raises:
        ClipReadError: if ``shape`` is empty along an axis or exceeds ``max_voxels``, or a frame is implausibly large.
    """
    claimed = " x ".join(str(int(length)) for length in shape)
    if any(length < 1 for length in shape):
        raise ClipReadError(f"{path} holds no pixels, its size is {claimed}; export the clip again.")
    if math.prod(int(length) for length in shape[:2]) > LARGEST_FRAME:
        raise ClipReadError(f"{path} claims {claimed} pixels, a frame has at most {LARGEST_FRAME}; export it again.")
    if math.prod(int(length) for length in shape) > max_voxels:
        raise ClipReadError(f"{path} claims {claimed} pixels, max_voxels is {max_voxels}; raise it if that is true.")


def luma(rgb: np.ndarray) -> np.ndarray:
    """Convert RGB to gray, ``0.299 R + 0.587 G + 0.114 B`` (ITU-R BT.601, the Y of YBR_FULL), rounded.

    Args:
        rgb: ``(..., 3)``, unsigned integers of at most 16 bits.

    Returns:
        Gray image ``(...)`` of the same type.

    Example:
        >>> luma(np.array([[255, 0, 0], [7, 7, 7]], dtype=np.uint8)).tolist()
        [76, 7]
    """
    red, green, blue = (rgb[..., channel].astype(np.uint32) for channel in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(rgb.dtype)
