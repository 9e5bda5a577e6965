"""The sector of an ultrasound picture, and the share of a structure's outline outside it."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, binary_opening
from skimage.measure import label
from skimage.morphology import convex_hull_image

__all__ = ["Sector", "edge_fraction"]

ECHO_LEVEL = 16
"""Gray level above which a pixel is bright: video compression changes black by less."""

DARK_LEVEL, TEXT_LEVEL = 4, 64
"""Gray levels above which a pixel beside bright echo may be echo, and above which it may be text."""

STROKE_SHARE = 0.005
"""Half the width of the strokes of letters to remove, as a share of the picture's shorter side."""

LARGE_PART = 0.1
"""Size of a component, as a share of the largest one, from which it is a part of the echo."""

SECTOR_SHARE = (0.1, 0.97)
"""Share of the picture that a sector covers."""


class Sector:
    """The region of the picture that shows an echo; it grows as frames are added.

    Args:
        threshold: gray level above which a pixel counts as an echo.
    """

    def __init__(self, threshold: float = 2) -> None:
        self.threshold = threshold
        self._highest: np.ndarray | None = None
        self._lowest: np.ndarray | None = None

    def add(self, frame: np.ndarray) -> None:
        """Add the pixels of a frame ``(H, W)``, 0 to 255."""
        self._highest = np.array(frame) if self._highest is None else np.maximum(self._highest, frame)
        self._lowest = np.array(frame) if self._lowest is None else np.minimum(self._lowest, frame)

    def region(self) -> np.ndarray | None:
        """Return the convex hull of the largest connected component in all frames, ``(H, W)``, which excludes text.

        Returns:
            The region, or ``None`` if no pixel of any frame is above the threshold.
        """
        if self._highest is None or not (self._highest > self.threshold).any():
            return None
        parts = label(self._highest > self.threshold, connectivity=1)
        return convex_hull_image(parts == np.bincount(parts[parts > 0]).argmax())

    def without_surroundings(self) -> np.ndarray | None:
        """Return the part of the picture that shows an echo and no text beside it, ``(H, W)``.

        It is the convex hull of the large bright components in all frames. Strokes of letters, and what compression
        makes of them, are thinner or darker, and are removed before. What does not change while the echo does, such as
        a title bar, is left out; in a single picture, it cannot be told apart. The dark echo around these components
        belongs to the region, too, unless something bright, such as text, lies in between.

        Returns:
            The region; ``None`` if there is none, or it covers nearly all or hardly any of the picture, so that it does
            not tell the sector from its surroundings.
        """
        if self._highest is None:
            return None
        width = 2 * max(1, round(min(self._highest.shape) * STROKE_SHARE)) + 1
        moving = self._moving(width)
        parts = label(binary_opening((self._highest > ECHO_LEVEL) & moving, np.ones((width, width))), connectivity=1)
        sizes = np.bincount(parts.ravel())[1:]
        if not sizes.size:
            return None
        large = 1 + np.flatnonzero(sizes >= LARGE_PART * sizes.max())
        hull = self._with_dark_echo(convex_hull_image(np.isin(parts, large)), moving, 3 * width)
        return hull if SECTOR_SHARE[0] <= hull.mean() <= SECTOR_SHARE[1] else None

    def _moving(self, width: int) -> np.ndarray:
        """Return the pixels at or beside one that changes between frames; all pixels if none does."""
        changes = binary_opening(self._highest - self._lowest > DARK_LEVEL, np.ones((2, 2)))
        return binary_dilation(changes, np.ones((width, width))) if changes.any() else np.ones_like(changes)

    def _with_dark_echo(self, hull: np.ndarray, moving: np.ndarray, width: int) -> np.ndarray:
        """Return the hull of all that is connected to a region and hardly dark; the region if text would be in it."""
        dark = binary_opening((self._highest > DARK_LEVEL) & moving, np.ones((width, width)))
        wide = convex_hull_image(_touching(dark, hull) | hull)
        echo = _touching((self._highest > ECHO_LEVEL) & moving, hull)
        text = (self._highest > TEXT_LEVEL) & wide & ~hull & ~echo
        return hull if text.any() else wide


def _touching(mask: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return the connected components of a mask that have a pixel in a region."""
    parts = label(mask, connectivity=1)
    return np.isin(parts, np.unique(parts[region & mask]))


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
