"""Movies of a clip with its masks: a GIF for the browser, or a Motion JPEG AVI with all frames."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from monai.config import PathLike
from PIL import Image

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.files import atomic_write
from gdkvm_monai.visualize.clip_frames import ASSUMED_RATE_HZ, sample_frames
from gdkvm_monai.visualize.overlay import RandomAccess, overlay_frames

__all__ = ["write_gif", "write_overlay_avi", "write_overlay_gif"]

SHORTEST_GIF_FRAME_MS = 20
"""Shortest frame duration that viewers honor; most of them slow down shorter frames."""


def write_gif(frames: np.ndarray, path: PathLike, frames_per_second: float = 10.0) -> None:
    """Write pictures ``(T, rows, columns, 3)`` as a GIF that loops forever."""
    pictures = [Image.fromarray(frame) for frame in frames]
    duration_ms = round(1000 / frames_per_second)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=duration_ms, loop=0)


def write_overlay_gif(
    path: PathLike,
    picture: RandomAccess,
    mask: RandomAccess,
    count: int,
    max_frames: int = 120,
    spacing_mm: Sequence[float] = (1, 1),
    frames_per_second: float | None = None,
    height: int = 320,
) -> list[int]:
    """Write every n-th frame of a clip with its masks as a looping GIF that lasts as long as the clip.

    Frames are read one by one, and at most ``max_frames`` pictures are held in memory. The write is atomic.

    Args:
        path: file to write, ``.gif``.
        picture: returns frame ``t`` of the clip, ``(H, W)``, lateral and depth, 0 to 255.
        mask: returns the class indices ``(H, W)`` of frame ``t``.
        count: number of frames in the clip.
        max_frames: largest number of frames to show; fewer are shown if each would last less than 20 ms, because
            viewers slow down such frames.
        spacing_mm: mm per pixel, lateral and in depth.
        frames_per_second: frame rate of the clip; ``None`` (unknown) means 25.
        height: rows of the picture.

    Returns:
        Indices of the frames shown.

    Raises:
        ValueError: if ``count`` or ``max_frames`` is below 1, the rate is not positive, or a frame and its mask differ
            in shape.
    """
    rate = _checked_rate(frames_per_second)
    most = max(1, min(max_frames, int(count * 1000 / (SHORTEST_GIF_FRAME_MS * rate))))
    shown, _ = sample_frames(count, most if max_frames > 0 else max_frames)
    onsets = 10 * np.rint(np.array([*shown, count]) * 100 / rate).astype(int)  # a GIF counts hundredths of a second
    durations = np.maximum(np.diff(onsets), SHORTEST_GIF_FRAME_MS).tolist()
    first, *others = (Image.fromarray(frame) for frame in overlay_frames(picture, mask, shown, spacing_mm, height))
    with atomic_write(path) as partial:
        first.save(partial, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return shown


def write_overlay_avi(
    path: PathLike,
    picture: RandomAccess,
    mask: RandomAccess,
    count: int,
    spacing_mm: Sequence[float] = (1, 1),
    frames_per_second: float | None = None,
    height: int = 480,
) -> None:
    """Write all frames of a clip with its masks as a Motion JPEG AVI, one frame in memory at a time.

    Args:
        path: file to write, ``.avi``. The write is atomic.
        picture: returns frame ``t`` of the clip, ``(H, W)``, lateral and depth, 0 to 255.
        mask: returns the class indices ``(H, W)`` of frame ``t``.
        count: number of frames in the clip.
        spacing_mm: mm per pixel, lateral and in depth.
        frames_per_second: frame rate of the clip; ``None`` (unknown) means 25.
        height: rows of the picture; rows and columns are rounded up to even numbers.

    Raises:
        ImportError: if PyAV is missing.
        ValueError: if ``count`` is below 1, the rate is not positive, or a frame and its mask differ in shape.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError(f"PyAV is needed to write {path}; install it: {INSTALL.format('video')}.") from error
    rate = Fraction(_checked_rate(frames_per_second)).limit_denominator(10000)
    shown, _ = sample_frames(count, max(count, 1))
    with atomic_write(path) as partial, av.open(str(partial), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=rate, options={"qmin": "2", "qmax": "5"})
        stream.pix_fmt = "yuvj420p"
        for pixels in overlay_frames(picture, mask, shown, spacing_mm, height + height % 2, even=True):
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def _checked_rate(frames_per_second: float | None) -> float:
    rate = ASSUMED_RATE_HZ if frames_per_second is None else float(frames_per_second)
    if not 0 < rate < np.inf:
        raise ValueError(f"frames_per_second is {rate}, expected a positive number; pass None if it is unknown.")
    return rate
