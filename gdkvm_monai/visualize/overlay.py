"""Clips with their masks drawn on them, upright as a cardiologist sees them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from monai.config import PathLike
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike
from PIL import Image
from skimage.segmentation import find_boundaries
from skimage.transform import resize

from gdkvm_monai.data.structures import LEFT_ATRIUM, LV, MYOCARDIUM, UNLABELED

__all__ = ["COLORS", "overlay_clip", "write_gif"]

COLORS = {LV: (230, 60, 60), MYOCARDIUM: (60, 180, 90), LEFT_ATRIUM: (70, 120, 240)}
"""Color of each label value: cavity red, myocardium green, left atrium blue."""

REFERENCE_COLOR = (255, 255, 255)


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
    width = round(height * image.shape[0] * spacing_mm[0] / (image.shape[1] * spacing_mm[1]))
    frames = []
    for t in range(image.shape[2]):
        gray = resize(image[..., t].T.astype(float), (height, width), order=1, preserve_range=True)
        areas, borders = (
            resize(labels[..., t].T, (height, width), order=0, preserve_range=True, anti_aliasing=False).astype(int)
            for labels in (mask, reference)
        )
        frames.append(_draw(gray, areas, borders, reference is not mask, opacity, colors))
    return np.stack(frames)


def write_gif(frames: np.ndarray, path: PathLike, frames_per_second: float = 10.0) -> None:
    """Write pictures ``(T, rows, columns, 3)`` as an endless GIF."""
    pictures = [Image.fromarray(frame) for frame in frames]
    duration_ms = round(1000 / frames_per_second)
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=duration_ms, loop=0)


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
