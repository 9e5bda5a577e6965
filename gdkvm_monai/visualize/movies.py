"""Movies of a clip with its masks: a GIF for the browser, or a Motion JPEG AVI with all frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from monai.config import PathLike
from PIL import Image

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.files import atomic_write
from gdkvm_monai.visualize.captions import add_caption
from gdkvm_monai.visualize.clip_frames import ASSUMED_RATE_HZ, sample_frames
from gdkvm_monai.visualize.overlay import RandomAccess, overlay_frames

__all__ = ["OverlayClip", "write_gif", "write_overlay_avi", "write_overlay_gif"]

SHORTEST_GIF_FRAME_MS = 20
"""Shortest frame duration that viewers honor; most of them slow down shorter frames."""


def write_gif(frames: np.ndarray, path: PathLike, frames_per_second: float = 10.0) -> None:
    """Write pictures ``(T, rows, columns, 3)`` as a GIF that loops forever."""
    pictures = [Image.fromarray(frame) for frame in frames]
    duration_ms = round(1000 / frames_per_second)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=duration_ms, loop=0)


@dataclass(frozen=True)
class OverlayClip:
    """A clip with its masks, as a movie shows it. Frames are read one by one.

    Attributes:
        picture: returns frame ``t`` of the clip, ``(H, W)``, lateral and depth, 0 to 255.
        mask: returns the class indices ``(H, W)`` of frame ``t``.
        count: number of frames in the clip.
        spacing_mm: mm per pixel, lateral and in depth.
        frames_per_second: frame rate of the clip; ``None`` (unknown) means 25.
        captions: lines of text below each frame; empty for none.
    """

    picture: RandomAccess
    mask: RandomAccess
    count: int
    spacing_mm: Sequence[float] = (1, 1)
    frames_per_second: float | None = None
    captions: Sequence[Sequence[str]] = ()

    @property
    def rate_hz(self) -> float:
        """Frame rate of the movie.

        Raises:
            ValueError: if it is not positive.
        """
        rate = ASSUMED_RATE_HZ if self.frames_per_second is None else float(self.frames_per_second)
        if not 0 < rate < np.inf:
            raise ValueError(f"frames_per_second is {rate}, expected a positive number; pass None if it is unknown.")
        return rate

    def draw(self, shown: Sequence[int], height: int, even: bool = False) -> Iterator[np.ndarray]:
        """Yield pictures ``(rows, columns, 3)`` of these frames; ``height`` is that of a picture without its caption.

        Raises:
            ValueError: if a frame differs in shape from its mask or from the first frame.
        """
        pictures = overlay_frames(self.picture, self.mask, shown, self.spacing_mm, height, even)
        for frame, picture in zip(shown, pictures):
            yield add_caption(picture, self.captions[frame] if self.captions else ())


def write_overlay_gif(path: PathLike, clip: OverlayClip, max_frames: int = 120, height: int = 320) -> list[int]:
    """Write every n-th frame of a clip with its masks as a looping GIF that lasts as long as the clip.

    At most ``max_frames`` pictures are held in memory. The write is atomic.

    Args:
        path: file to write, ``.gif``.
        clip: clip to show.
        max_frames: largest number of frames to show; fewer are shown if each would last less than 20 ms, because
            viewers slow down such frames.
        height: rows of the picture.

    Returns:
        Indices of the frames shown.

    Raises:
        ValueError: if the clip has no frame, ``max_frames`` is below 1, the rate is not positive, or a frame and its
            mask differ in shape.
    """
    most = max(1, min(max_frames, int(clip.count * 1000 / (SHORTEST_GIF_FRAME_MS * clip.rate_hz))))
    shown, _ = sample_frames(clip.count, most if max_frames > 0 else max_frames)
    onsets = 10 * np.rint(np.array([*shown, clip.count]) * 100 / clip.rate_hz).astype(int)  # a GIF counts hundredths
    durations = np.maximum(np.diff(onsets), SHORTEST_GIF_FRAME_MS).tolist()
    first, *others = (Image.fromarray(frame) for frame in clip.draw(shown, height))
    with atomic_write(path) as partial:
        first.save(partial, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return shown


def write_overlay_avi(path: PathLike, clip: OverlayClip, height: int = 480) -> None:
    """Write all frames of a clip with its masks as a Motion JPEG AVI, one frame in memory at a time.

    Args:
        path: file to write, ``.avi``. The write is atomic.
        clip: clip to show.
        height: rows of the picture; rows and columns are rounded up to even numbers.

    Raises:
        ImportError: if PyAV is missing.
        ValueError: if the clip has no frame, the rate is not positive, or a frame and its mask differ in shape.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError(f"PyAV is needed to write {path}; install it: {INSTALL.format('video')}.") from error
    rate = Fraction(clip.rate_hz).limit_denominator(10000)
    shown, _ = sample_frames(clip.count, max(clip.count, 1))
    with atomic_write(path) as partial, av.open(str(partial), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=rate, options={"qmin": "2", "qmax": "5"})
        stream.pix_fmt = "yuvj420p"
        for pixels in clip.draw(shown, height + height % 2, even=True):
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
