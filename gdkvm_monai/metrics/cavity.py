"""The pixels of a heart chamber that are measured in one frame: one rule for areas, volumes, and phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import distance_transform_edt, find_objects
from skimage.measure import label

__all__ = ["GAP", "LEFT_OUT", "Cavity", "Flag", "fill_holes", "find_cavity"]

GAP = 0.04
"""Widest gap that is closed between two parts, as a share of the square root of the area: 2 mm for 25 cm2."""

LEFT_OUT = 0.10
"""Largest share of the pixels that may be left out if a frame of a clip is to be measured."""


class Flag(NamedTuple):
    """What looks wrong in one frame: a code for programs and a clause for readers."""

    code: str
    message: str


@dataclass(frozen=True)
class Cavity:
    """The measured pixels of one chamber, and what was done to the mask to obtain them.

    Attributes:
        mask: the measured pixels, one 8-connected component without holes, ``(H, W)``; empty for an empty mask.
        parts: number of 8-connected components of the given mask.
        left_out: share of the given pixels that are not measured, 0 to 1.
        gap_pixels: pixels added to join parts.
        hole_pixels: pixels added inside the cavity.
        border_fraction: share of the measured pixels on the border of the image, where the cavity may be cut off.
    """

    mask: np.ndarray
    parts: int
    left_out: float
    gap_pixels: int
    hole_pixels: int
    border_fraction: float

    @property
    def pixels(self) -> int:
        """Number of measured pixels."""
        return int(self.mask.sum())

    @property
    def whole(self) -> bool:
        """Whether at most ``LEFT_OUT`` of the pixels are left out; otherwise, the cavity is larger than measured."""
        return self.left_out <= LEFT_OUT

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What looks wrong, with the codes ``parts``, ``holes``, and ``border``."""
        return self.describe()

    def describe(self, as_given: bool = False) -> tuple[Flag, ...]:
        """Return the flags, for a method that measures the mask as it is if ``as_given`` is true."""
        share = 100 * self.left_out
        fate = f"{share:.0f} % of its pixels are left out" if share >= 0.5 else "hardly any of its pixels are left out"
        fate = fate if share else "the gap is closed"
        kept, holes = ("all are measured as they are", "not filled") if as_given else ("", "filled")
        found = {
            "parts": (self.parts > 1, f"has {self.parts} parts, and {kept or fate}"),
            "holes": (self.hole_pixels > 0, f"has holes of {self.hole_pixels} pixels, which are {holes}"),
            "border": (self.border_fraction > 0, "touches the border of the image"),
        }
        return tuple(Flag(code, message) for code, (applies, message) in found.items() if applies)


def find_cavity(mask: ArrayLike, spacing: Sequence[float] = (1.0, 1.0)) -> Cavity:
    """Choose the pixels of a chamber that are measured.

    The largest 8-connected component is measured with its holes filled. Components that a gap of at most ``GAP``
    separates count as one, and the gap is filled (morphological closing): a line of missing pixels that cuts a
    ventricle in two would otherwise halve its volume. A hole may be open to the outside by a channel as narrow as a
    gap, which is filled with it. The outline of a mask in one piece is not changed elsewhere.

    Args:
        mask: binary mask, ``(H, W)``.
        spacing: distance between pixels along axis 0 and axis 1.

    Returns:
        The measured pixels and what was done to the mask.
    """
    given = np.asarray(mask, bool)
    measured = np.zeros_like(given)
    if not given.any():
        return Cavity(measured, parts=0, left_out=0.0, gap_pixels=0, hole_pixels=0, border_fraction=0.0)
    (box,) = find_objects(given.astype(np.uint8))
    inside = given[box]
    count = label(inside, connectivity=2, return_num=True)[1]
    closed = _close_gaps(inside, spacing)
    whole = inside if count == 1 else _largest(closed, inside)
    kept = inside & whole
    pockets = _open_holes(kept, closed)
    filled, solid = fill_holes(kept | pockets), fill_holes(whole | pockets)
    measured[box] = solid
    return Cavity(
        mask=measured,
        parts=count,
        left_out=float(1 - kept.sum() / inside.sum()),
        gap_pixels=int(solid.sum() - filled.sum()),
        hole_pixels=int(filled.sum() - kept.sum()),
        border_fraction=float((solid.sum() - measured[1:-1, 1:-1].sum()) / solid.sum()),
    )


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """Return a binary mask ``(H, W)`` with its holes: the 4-connected regions that do not reach the border.

    The same pixels as ``scipy.ndimage.binary_fill_holes``, in a third of the time, because that dilates pixel by pixel.
    """
    outside = label(~np.pad(mask, 1), connectivity=1)
    return outside[1:-1, 1:-1] != outside[0, 0]


def _close_gaps(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Return the morphological closing by a disk that bridges gaps of ``GAP`` times the square root of the area."""
    radius = (GAP * np.sqrt(mask.sum() * np.prod(spacing)) + max(spacing)) / 2  # between the centers of pixels
    margin = [int(np.ceil(radius / step)) + 1 for step in spacing]
    dilated = distance_transform_edt(~np.pad(mask, [(size, size) for size in margin]), spacing) <= radius
    closed = distance_transform_edt(dilated, spacing) > radius
    return mask | closed[tuple(slice(size, -size) for size in margin)]


def _open_holes(mask: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """Return the holes that the closing cuts off from the outside, with the channels that lead to them."""
    lost = fill_holes(closed) & ~fill_holes(mask)
    pieces = label(lost, connectivity=1)
    return np.isin(pieces, np.setdiff1d(pieces[lost & ~closed], 0))


def _largest(joined: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the 8-connected component of ``joined`` that holds the most pixels of ``given``."""
    parts = label(joined, connectivity=2)
    return parts == 1 + np.bincount(parts[given])[1:].argmax()
