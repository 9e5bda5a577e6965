"""What one segmented frame says: areas, volume, and what looks wrong in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import binary_dilation
from skimage.measure import label
from skimage.morphology import convex_hull_image

from gdkvm_monai.labels import LV, STRUCTURES
from gdkvm_monai.metrics.anatomy import StructureShape, check_anatomy
from gdkvm_monai.metrics.curves import volume_curve
from gdkvm_monai.metrics.segmentation import score_pair

__all__ = ["FrameMeasurement", "Sector", "dice", "edge_fraction", "measure_frame"]


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


@dataclass(frozen=True)
class FrameMeasurement:
    """What one segmented frame says, by name of structure.

    Attributes:
        areas_px: pixels.
        areas_cm2: areas; NaN without a spacing.
        volume: of the left ventricle by 20 disks in mL, without a spacing in thousands of cubic pixels; NaN where it
            cannot be measured.
        shapes: parts and holes.
    """

    areas_px: Mapping[str, int]
    areas_cm2: Mapping[str, float]
    volume: float
    shapes: Mapping[str, StructureShape]

    def columns(self) -> dict[str, int | float]:
        """Return the numbers by name of column: ``LV_px``, ``LV_cm2``, ``volume``, ``LV_parts``, ``LV_holes``, ..."""
        return {
            **{f"{name}_px": pixels for name, pixels in self.areas_px.items()},
            **{f"{name}_cm2": area for name, area in self.areas_cm2.items()},
            "volume": self.volume,
            **{f"{name}_parts": shape.parts for name, shape in self.shapes.items()},
            **{f"{name}_holes": shape.holes for name, shape in self.shapes.items()},
        }


def measure_frame(mask: ArrayLike, spacing_mm: Sequence[float] | None = None) -> FrameMeasurement:
    """Measure one segmented frame.

    Args:
        mask: class indices ``(H, W)``: lateral, depth.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` where it is unknown.

    Returns:
        Areas, the volume of the left ventricle, parts and holes.
    """
    mask = np.asarray(mask)
    pixels = {name: int(np.isin(mask, values).sum()) for name, values in STRUCTURES.items()}
    cm2_per_px = np.nan if spacing_mm is None else np.prod(spacing_mm) / 100
    return FrameMeasurement(
        areas_px=pixels,
        areas_cm2={name: float(count * cm2_per_px) for name, count in pixels.items()},
        volume=float(volume_curve(mask[..., None], spacing_mm)[0]),
        shapes=check_anatomy(mask).structures,
    )


def dice(one: np.ndarray, other: np.ndarray, value: int = LV) -> float:
    """Dice of one class in two masks of class indices; NaN where both lack it.

    Example:
        >>> dice(np.array([[1, 1]]), np.array([[1, 0]]))
        0.6666666666666666
    """
    return score_pair(one == value, other == value, distances=False).dice
