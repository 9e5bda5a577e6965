"""Overlays of masks on the frames of a clip, in the upright orientation used in clinical display."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from scipy.ndimage import binary_erosion
from skimage.transform import resize

from gdkvm_monai.labels import COLORS, UNLABELED

__all__ = ["RandomAccess", "overlay_clip", "overlay_frames"]

REFERENCE_COLOR = (255, 255, 255)

RandomAccess = Callable[[int], ArrayLike]
"""Function that returns frame ``t`` of a clip."""


def overlay_clip(
    image: ArrayLike,
    mask: ArrayLike,
    reference: ArrayLike | None = None,
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    height: int = 320,
    opacity: float = 0.3,
    colors: Mapping[int, tuple[int, int, int]] = COLORS,
) -> np.ndarray:
    """Draw masks on a clip: tinted areas with contours, and white contours for a reference.

    Args:
        image: clip ``(H, W, T)``, axis 0 lateral and axis 1 depth, as stored in files; 0 to 255.
        mask: class indices ``(H, W, T)``.
        reference: class indices ``(H, W, T)`` to compare with; ``UNLABELED`` frames are not drawn.
        spacing_mm: mm per pixel of axis 0 and axis 1, which determine the proportions of the picture.
        height: rows of the picture.
        opacity: opacity of the tint, 0 to 1.
        colors: RGB color of each label value, 0 to 255.

    Returns:
        Pictures ``(T, rows, columns, 3)``, uint8, depth downward.

    Raises:
        ValueError: if the shapes differ.
    """
    image, mask = convert_to_numpy(image), convert_to_numpy(mask)
    reference = mask if reference is None else convert_to_numpy(reference)
    if image.ndim != 3 or image.shape != mask.shape or image.shape != reference.shape:
        raise ValueError(f"image {image.shape}, mask {mask.shape}, and reference must have one shape (H, W, T).")
    size = height, _width(image.shape, spacing_mm, height)
    frames = []
    for t in range(image.shape[2]):
        compared = None if reference is mask else reference[..., t]
        frames.append(_overlay_frame(image[..., t], mask[..., t], compared, size, opacity, colors))
    return np.stack(frames)


def overlay_frames(
    picture: RandomAccess,
    mask: RandomAccess,
    shown: Sequence[int],
    spacing_mm: Sequence[float],
    height: int,
    even: bool = False,
) -> Iterator[np.ndarray]:
    """Draw masks on frames that are read one by one.

    Args:
        picture: returns frame ``t`` of the clip, ``(H, W)``, lateral and depth, 0 to 255.
        mask: returns the class indices ``(H, W)`` of frame ``t``.
        shown: indices of the frames to draw.
        spacing_mm: mm per pixel, lateral and in depth.
        height: rows of the pictures.
        even: round the columns up to an even number, which video codecs require.

    Yields:
        Pictures ``(rows, columns, 3)``, uint8, depth downward.

    Raises:
        ValueError: if a frame differs in shape from its mask or from the first frame.
    """
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
    """Draw one frame ``(H, W)`` upright with ``size`` (rows, columns)."""
    gray = resize(image.T.astype(float), size, order=1, preserve_range=True)
    areas, borders = (
        (
            None
            if labels is None
            else resize(labels.T, size, order=0, preserve_range=True, anti_aliasing=False).astype(int)
        )
        for labels in (mask, reference)
    )
    return _draw(gray, areas, borders, opacity, colors)


def _draw(
    gray: np.ndarray,
    areas: np.ndarray,
    reference: np.ndarray | None,
    opacity: float,
    colors: Mapping[int, tuple[int, int, int]],
) -> np.ndarray:
    picture = np.repeat(np.clip(gray, 0, 255)[..., None], 3, axis=-1)
    for value, color in colors.items():
        area = areas == value
        picture[area] = (1 - opacity) * picture[area] + opacity * np.array(color)
        picture[_border(area)] = color
    if reference is not None:
        for value in colors:
            picture[_border(reference == value) & (reference != UNLABELED)] = REFERENCE_COLOR
    return picture.astype(np.uint8)


def _border(area: np.ndarray) -> np.ndarray:
    """Return the pixels of an area beside others; the border of the picture is none."""
    return area & ~binary_erosion(area, border_value=1)
