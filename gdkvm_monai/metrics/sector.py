"""The sector of an ultrasound picture, and how much of a structure lies on its edge."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation
from skimage.measure import label
from skimage.morphology import convex_hull_image

__all__ = ["Sector", "edge_fraction"]


class Sector:
    """The part of the picture that shows an echo: it grows with the frames that are added.

    Args:
        threshold: gray level above which a pixel shows something.
    """

    def __init__(self, threshold: float = 2) -> None:
        self.threshold = threshold
        self._seen: np.ndarray | None = None

    def add(self, frame: np.ndarray) -> None:
        """Add what a frame ``(H, W)`` shows."""
        seen = frame > self.threshold
        self._seen = seen if self._seen is None else self._seen | seen

    def region(self) -> np.ndarray:
        """Convex hull of the largest connected part that was ever seen, ``(H, W)``; text beside it does not count.

        Raises:
            ValueError: when nothing was seen.
        """
        if self._seen is None or not self._seen.any():
            raise ValueError("no frame shows anything; there is no sector.")
        parts = label(self._seen, connectivity=1)
        return convex_hull_image(parts == np.bincount(parts[parts > 0]).argmax())


def edge_fraction(mask: np.ndarray, region: np.ndarray) -> float:
    """Share of a mask's outline that lies outside a region or the picture: where the structure may be cut off.

    Args:
        mask: binary, ``(H, W)``.
        region: binary, ``(H, W)``, for instance of :meth:`Sector.region`.

    Returns:
        0 to 1; NaN for an empty mask.

    Example:
        >>> edge_fraction(np.eye(3)[:2] == 1, np.ones((2, 3), bool))  # two pixels in a corner
        0.5
    """
    if not mask.any():
        return np.nan
    padded = np.pad(mask, 1)
    outline = binary_dilation(padded) & ~padded
    return float(1 - np.pad(region, 1)[outline].mean())
