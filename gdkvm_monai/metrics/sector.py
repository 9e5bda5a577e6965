"""The sector of an ultrasound picture, and the share of a structure's outline outside it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation
from skimage.measure import label
from skimage.morphology import convex_hull_image

__all__ = ["Sector", "edge_fraction"]


class Sector:
    """The region of the picture that shows an echo; it grows as frames are added.

    Args:
        threshold: gray level above which a pixel counts as an echo.
    """

    def __init__(self, threshold: float = 2) -> None:
        self.threshold = threshold
        self._seen: np.ndarray | None = None

    def add(self, frame: np.ndarray) -> None:
        """Add the pixels of a frame ``(H, W)`` that are above the threshold."""
        seen = frame > self.threshold
        self._seen = seen if self._seen is None else self._seen | seen

    def region(self) -> np.ndarray | None:
        """Return the convex hull of the largest connected component in all frames, ``(H, W)``, which excludes text.

        Returns:
            The region, or ``None`` if no pixel of any frame is above the threshold.
        """
        if self._seen is None or not self._seen.any():
            return None
        parts = label(self._seen, connectivity=1)
        return convex_hull_image(parts == np.bincount(parts[parts > 0]).argmax())


def edge_fraction(mask: np.ndarray, region: np.ndarray) -> float:
    """Return the share of a mask's outline outside a region or the picture, where the structure may be cut off.

    Args:
        mask: binary mask ``(H, W)``.
        region: binary mask ``(H, W)``, for example from :meth:`Sector.region`.

    Returns:
        Share in ``[0, 1]``; NaN for an empty mask.

    Example:
        >>> edge_fraction(np.eye(3)[:2] == 1, np.ones((2, 3), bool))  # two pixels in a corner
        0.5
    """
    if not mask.any():
        return np.nan
    padded = np.pad(mask, 1)
    outline = binary_dilation(padded) & ~padded
    return float(1 - np.pad(region, 1)[outline].mean())
