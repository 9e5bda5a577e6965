"""Clips with their masks drawn on them, upright as a cardiologist sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
from monai.config import PathLike
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from PIL import Image
from skimage.segmentation import find_boundaries
from skimage.transform import resize

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.files import replace_file
from gdkvm_monai.labels import LEFT_ATRIUM, LV, MYOCARDIUM, UNLABELED
from gdkvm_monai.visualize.clip_frames import ASSUMED_RATE_HZ, sample_frames

__all__ = ["COLORS", "overlay_clip", "write_gif", "write_overlay_avi", "write_overlay_gif"]

COLORS = {LV: (230, 60, 60), MYOCARDIUM: (60, 180, 90), LEFT_ATRIUM: (70, 120, 240)}
"""Color of each label value: cavity red, myocardium green, left atrium blue."""

REFERENCE_COLOR = (255, 255, 255)

SHORTEST_GIF_FRAME_MS = 20
"""What viewers show for as long as a GIF says; shorter frames are slowed down by most of them."""

RandomAccess = Callable[[int], ArrayLike]


def overlay_clip(
    image: ArrayLike,
    mask: ArrayLike,
    reference: ArrayLike | None = None,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    height: int = 320,
    opacity: float = 0.3,
    colors: Mapping[int, tuple[int, int, int]] = COLORS,
) -> np.ndarray:
    """Draw masks on a clip: tinted areas with a contour, and the contours of a reference in white.

    Args:
        image: the clip ``(H, W, T)``, axis 0 lateral and axis 1 depth, as files store it; 0 to 255.
        mask: class indices ``(H, W, T)``.
        reference: class indices ``(H, W, T)`` to compare with; frames that are ``UNLABELED`` are left out.
        spacing_mm: mm per pixel of axis 0 and axis 1, so that the picture has the heart's proportions.
        height: rows of the picture.
        opacity: of the tint, 0 to 1.
        colors: color of each label value.

    Returns:
        Pictures ``(T, rows, columns, 3)``, uint8, depth downwards.

    Raises:
        ValueError: when the shapes differ.
    """
    image, mask = convert_to_numpy(image), convert_to_numpy(mask)
    reference = mask if reference is None else convert_to_numpy(reference)
    if image.ndim != 3 or image.shape != mask.shape or image.shape != reference.shape:
        raise ValueError(f"image {image.shape}, mask {mask.shape} and reference must have one shape (H, W, T).")
    size = height, _width(image.shape, spacing_mm, height)
    frames = []
    for t in range(image.shape[2]):
        compared = None if reference is mask else reference[..., t]
        frames.append(_overlay_frame(image[..., t], mask[..., t], compared, size, opacity, colors))
    return np.stack(frames)


def write_gif(frames: np.ndarray, path: PathLike, frames_per_second: float = 10.0) -> None:
    """Write pictures ``(T, rows, columns, 3)`` as an endless GIF."""
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
    """Write a clip with its masks as an endless GIF of every n-th frame that takes as long as the clip.

    Frames are read one by one; the pictures of at most ``max_frames`` are held. The file takes its place when it is
    complete.

    Args:
        path: file to write, ``.gif``.
        picture: gives the frame ``t`` of the clip, ``(H, W)``, lateral and depth, 0 to 255.
        mask: gives its class indices ``(H, W)``.
        count: frames of the clip.
        max_frames: most frames to show. They are fewer where more would last less than 20 ms each, which viewers do not
            show at their speed.
        spacing_mm: mm per pixel, lateral and in depth.
        frames_per_second: of the clip; ``None`` where it is unknown, and 25 is assumed.
        height: rows of the picture.

    Returns:
        The frames shown.

    Raises:
        ValueError: if ``count`` or ``max_frames`` is below 1, the rate is not positive, or a frame and its mask differ
            in shape.
    """
    rate = _checked_rate(frames_per_second)
    most = max(1, min(max_frames, int(count * 1000 / (SHORTEST_GIF_FRAME_MS * rate))))
    shown, _ = sample_frames(count, most if max_frames > 0 else max_frames)
    onsets = 10 * np.rint(np.array([*shown, count]) * 100 / rate).astype(int)  # a GIF counts hundredths of a second
    durations = np.maximum(np.diff(onsets), SHORTEST_GIF_FRAME_MS).tolist()
    first, *others = (Image.fromarray(frame) for frame in _overlays(picture, mask, shown, spacing_mm, height))
    with replace_file(path) as partial:
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
    """Write every frame of a clip with its masks as a Motion-JPEG AVI, one frame in memory at a time.

    Args:
        path: file to write, ``.avi``; it takes its place when it is complete.
        picture: gives the frame ``t`` of the clip, ``(H, W)``, lateral and depth, 0 to 255.
        mask: gives its class indices ``(H, W)``.
        count: frames of the clip.
        spacing_mm: mm per pixel, lateral and in depth.
        frames_per_second: of the clip; ``None`` where it is unknown, and 25 is assumed.
        height: rows of the picture; rows and columns are rounded to even numbers.

    Raises:
        ImportError: if PyAV is missing.
        ValueError: if ``count`` is below 1, the rate is not positive, or a frame and its mask differ in shape.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError(f"{path} needs PyAV to be written; install it: {INSTALL.format('video')}.") from error
    rate = Fraction(_checked_rate(frames_per_second)).limit_denominator(10000)
    shown, _ = sample_frames(count, max(count, 1))
    with replace_file(path) as partial, av.open(str(partial), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=rate, options={"qmin": "2", "qmax": "5"})
        stream.pix_fmt = "yuvj420p"
        for pixels in _overlays(picture, mask, shown, spacing_mm, height + height % 2, even=True):
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def _checked_rate(frames_per_second: float | None) -> float:
    rate = ASSUMED_RATE_HZ if frames_per_second is None else float(frames_per_second)
    if not 0 < rate < np.inf:
        raise ValueError(f"frames_per_second is {rate}, a positive number is expected; give None if it is unknown.")
    return rate


def _overlays(
    picture: RandomAccess,
    mask: RandomAccess,
    shown: Sequence[int],
    spacing_mm: Sequence[float],
    height: int,
    even: bool = False,
) -> Iterator[np.ndarray]:
    shape = None
    for t in shown:
        gray, areas = convert_to_numpy(picture(t)), convert_to_numpy(mask(t))
        shape = shape or gray.shape
        if gray.ndim != 2 or not gray.shape == areas.shape == shape:
            raise ValueError(
                f"frame {t} {gray.shape} and its mask {areas.shape} must have the shape (H, W) of the first frame."
            )
        width = _width(gray.shape, spacing_mm, height)
        yield _overlay_frame(gray, areas, None, (height, width + (width % 2 if even else 0)), 0.3, COLORS)


def _width(shape: Sequence[int], spacing_mm: Sequence[float], height: int) -> int:
    return max(1, round(height * shape[0] * spacing_mm[0] / (shape[1] * spacing_mm[1])))


def _overlay_frame(
    image: np.ndarray,
    mask: np.ndarray,
    reference: np.ndarray | None,
    size: tuple[int, int],
    opacity: float,
    colors: Mapping[int, tuple[int, int, int]],
) -> np.ndarray:
    """Draw one frame ``(H, W)`` upright in ``size`` rows and columns."""
    gray = resize(image.T.astype(float), size, order=1, preserve_range=True)
    areas, borders = (
        resize(labels.T, size, order=0, preserve_range=True, anti_aliasing=False).astype(int)
        for labels in (mask, mask if reference is None else reference)
    )
    return _draw(gray, areas, borders, reference is not None, opacity, colors)


def _draw(
    gray: np.ndarray,
    areas: np.ndarray,
    reference: np.ndarray,
    compare: bool,
    opacity: float,
    colors: Mapping[int, tuple[int, int, int]],
) -> np.ndarray:
    picture = np.repeat(np.clip(gray, 0, 255)[..., None], 3, axis=-1)
    for value, color in colors.items():
        area = areas == value
        picture[area] = (1 - opacity) * picture[area] + opacity * np.array(color)
        picture[find_boundaries(area, mode="inner")] = color
    if compare:
        for value in colors:
            picture[find_boundaries(reference == value, mode="inner") & (reference != UNLABELED)] = REFERENCE_COLOR
    return picture.astype(np.uint8)
