"""Building blocks of clip pictures: frames to show, picture size, upright orientation, and contours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects
from skimage.measure import find_contours

from gdkvm_monai.labels import STRUCTURES
from gdkvm_monai.visualize.polygon import simplify

__all__ = ["ASSUMED_RATE_HZ", "aspect_spacing", "contours", "picture_size", "sample_frames", "upright"]

ASSUMED_RATE_HZ = 25.0
"""Frames per second at which a clip with an unknown frame rate is played."""

LARGEST = (640, 400)
"""Largest number of columns and rows of a picture; larger pictures are scaled down."""

TOLERANCE_PX = 0.6
"""Largest distance of a simplified contour from the border of the mask, in picture pixels."""


def sample_frames(count: int, max_frames: int, keep: Sequence[int] = ()) -> tuple[list[int], int]:
    """Select every n-th frame of a clip and all frames to keep.

    Args:
        count: number of frames in the clip.
        max_frames: largest number of frames to select.
        keep: frames that are always selected, such as ED and ES.

    Returns:
        The frames in order, and ``n``.

    Raises:
        ValueError: if ``count`` or ``max_frames`` is below 1, a frame to keep is not in the clip, or ``max_frames`` is
            too small for the first frame and the frames to keep.

    Example:
        >>> sample_frames(10, 5, keep=[7])
        ([0, 3, 6, 7, 9], 3)
    """
    keep = sorted(set(keep))
    if count < 1 or max_frames < 1 or any(not 0 <= frame < count for frame in keep):
        raise ValueError(
            f"{count} frames, max_frames {max_frames} and frames to keep {keep[:5]}: the first two must be at least 1, "
            "and the frames must lie in the clip."
        )
    if len({0, *keep}) > max_frames:
        raise ValueError(
            f"max_frames is {max_frames}, but the first frame and the frames to keep are {len({0, *keep})}; raise it."
        )
    step = -(-count // max_frames)
    while len(chosen := sorted({*range(0, count, step), *keep})) > max_frames:
        step += 1
    return chosen, step


def aspect_spacing(spacing_mm: Sequence[float] | None, trust: str = "ok") -> tuple[float, float]:
    """Return the pixel spacing for drawing: the clip's own if it can be trusted, otherwise square pixels.

    Args:
        spacing_mm: mm per pixel, lateral and in depth; ``None`` if unknown.
        trust: ``ok``, or why the spacing must not be used.

    Example:
        >>> aspect_spacing((0.3, 0.2)), aspect_spacing((0.3, 0.2), "scaled"), aspect_spacing(None, "absent")
        ((0.3, 0.2), (1.0, 1.0), (1.0, 1.0))
    """
    return (spacing_mm[0], spacing_mm[1]) if spacing_mm and trust == "ok" else (1.0, 1.0)


def picture_size(
    shape: Sequence[int], spacing_mm: Sequence[float] = (1, 1), largest: Sequence[int] = LARGEST
) -> tuple[int, int]:
    """Return the number of columns and rows that shows a frame in its true proportions.

    Args:
        shape: ``(H, W)`` of the frame: lateral, depth.
        spacing_mm: mm per pixel, lateral and in depth.
        largest: largest number of columns and rows; smaller pictures are not enlarged in depth.

    Example:
        >>> picture_size((640, 480)), picture_size((400, 800), (0.3, 0.15)), picture_size((1000, 1000))
        ((533, 400), (400, 400), (400, 400))
    """
    width, height = shape[0] * spacing_mm[0] / spacing_mm[1], shape[1]
    scale = min(1, largest[0] / width, largest[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def upright(picture: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """Turn a gray frame ``(H, W)`` (lateral, depth) into a picture of ``size`` (columns, rows) with depth downward."""
    return Image.fromarray(np.ascontiguousarray(picture.T, dtype=np.uint8)).resize(size, Image.Resampling.LANCZOS)


def contours(mask: np.ndarray, size: tuple[int, int]) -> dict[str, list[np.ndarray]]:
    """Trace the border of each structure as a simplified polygon.

    Args:
        mask: class indices ``(H, W)``: lateral, depth.
        size: columns and rows of the picture.

    Returns:
        Closed polygons ``(N, 2)`` of (column, row) for each of ``STRUCTURES``. The corner of the picture is (0, 0) and
        the center of its first pixel is (0.5, 0.5).
    """
    scale = np.array(size) / mask.shape
    return {
        name: [simplify((points - 0.5) * scale, TOLERANCE_PX) for points in _outlines(np.isin(mask, values))]
        for name, values in STRUCTURES.items()
    }


def _outlines(area: np.ndarray) -> list[np.ndarray]:
    """Return all outlines of a binary mask with a pixel around it, so that they are closed at its border, too."""
    boxes = find_objects(area.astype(np.uint8))  # tracing in the whole picture takes longer
    if not boxes:
        return []
    corner = [side.start for side in boxes[0]]
    return [points + corner for points in find_contours(np.pad(area[boxes[0]], 1).astype(float), 0.5)]
