"""The base of the left ventricle in one apical view: contact with the atrium, flat end, or end of the long axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist, squareform

from gdkvm_monai.metrics.contour import longest_flat_chord, resample_contour, trace_contour

__all__ = ["Contact", "Outline", "flat_base", "principal_axis", "touch_atrium"]

FLATNESS = 0.02
"""Largest distance of the contour from a flat base, as a share of the square root of the area."""

SHORTEST_CONTACT, SHORTEST_FLAT = 0.3, 0.35
"""Lengths of the shortest contact with the atrium and the shortest flat base, as shares of the square root of the area;
the outline of a disk has chords of 0.30 that count as flat, and up to 0.35 in pixels."""

CORNER_DEGREES = 45
"""Smallest turn of the contour at both ends of a flat base that runs along the principal axis."""

CORNER_REACH = 0.15
"""Length of contour over which it turns at a corner, as a share of the square root of the area."""

BEND = 0.06
"""Largest distance of the contour from the base along the contact, as a share of the square root of the area."""

OFFSET = 0.15
"""Largest distance between the contact with the atrium and the flat base, as a share of the square root of the area."""

TOUCH = 2
"""Largest distance between contours that touch, in pixels."""

POINTS = 256  # of the contour, to search it for a flat base


@dataclass(frozen=True)
class Outline:
    """Contour of a mask in one piece.

    Attributes:
        mask: binary mask without holes, ``(H, W)``, not empty.
        spacing: distance between pixels along axis 0 and axis 1.
    """

    mask: np.ndarray
    spacing: Sequence[float]

    @cached_property
    def contour(self) -> np.ndarray:
        """Contour at level 0.5, array indices times spacing, ``(n, 2)``."""
        return trace_contour(self.mask, self.spacing)

    @cached_property
    def scale(self) -> float:
        """Square root of the area, in the unit of the spacing."""
        return float(np.sqrt(self.mask.sum() * np.prod(self.spacing)))

    @cached_property
    def pixels(self) -> np.ndarray:
        """Positions of the pixels, ``(n, 2)``."""
        return np.argwhere(self.mask) * self.spacing

    @cached_property
    def directions(self) -> np.ndarray:
        """Unit vectors along the major and the minor axis, ``(2, 2)``."""
        return np.linalg.svd(np.cov(self.pixels.T, bias=True))[0].T


@dataclass(frozen=True)
class Contact:
    """Contact of the ventricle with the atrium.

    Attributes:
        ends: the two points of contact farthest apart, ``(2, 2)``; ``None`` if they do not touch.
        fault: why this is not the base of the ventricle; empty if it is.
    """

    ends: np.ndarray | None
    fault: str


def touch_atrium(ventricle: Outline, atrium: Outline, flat: np.ndarray | None) -> Contact:
    """Find where the atrium touches the ventricle, and whether that is plausible as the base.

    The points of the contour within ``TOUCH`` pixels of the atrium's contour touch it, which includes so much of the
    walls. The base must be long enough, the contour must follow it, and its midpoint must be near that of the flat
    base, if there is one.

    Args:
        ventricle: outline of the ventricle.
        atrium: outline of the atrium.
        flat: ends of the flat base, ``(2, 2)``, or ``None``.
    """
    contour, scale = ventricle.contour, ventricle.scale
    distances, _ = cKDTree(atrium.contour).query(contour)
    near = TOUCH * max(ventricle.spacing)
    touching = distances <= near
    contact = contour[touching]
    if len(contact) < 2:
        return Contact(None, "they do not touch")
    pair = np.unravel_index(squareform(pdist(contact)).argmax(), (len(contact),) * 2)
    first, last = sorted(np.flatnonzero(touching)[list(pair)])
    ends = contour[[first, last]]
    if np.linalg.norm(ends[1] - ends[0]) < SHORTEST_CONTACT * scale:
        return Contact(ends, "their contact is too short")
    index = np.arange(len(contour))
    inside = (index >= first) & (index <= last)
    arc = inside if touching[inside].sum() * 2 >= touching.sum() else ~inside
    if _distances(contour[arc], ends).max() > max(BEND * scale, 1.25 * near):
        return Contact(ends, "their contact bends around a corner")
    if flat is not None and np.linalg.norm(flat.mean(axis=0) - ends.mean(axis=0)) > OFFSET * scale:
        return Contact(ends, "their contact is not at its flat end")
    return Contact(ends, "")


def flat_base(ventricle: Outline) -> np.ndarray | None:
    """Find the flat end of a ventricle: the longest chord that the shorter arc of the contour follows closely.

    The chord is at an angle of at least 45 degrees to the major axis, so that no side wall is taken for the base.
    In a ventricle that is wider than long, the major axis runs along the base: a chord at a smaller angle is the
    base if the contour turns by ``CORNER_DEGREES`` or more at both of its ends, and by more than at those of the other
    chord. At the ends of a side wall, it does not.

    Returns:
        Both ends, ``(2, 2)``, or ``None`` if no end is flat.
    """
    points = resample_contour(ventricle.contour, POINTS)
    starts, gaps = (grid.ravel() for grid in np.mgrid[:POINTS, 2 : POINTS // 2 + 1])
    doubled = np.concatenate([points, points])
    chords = doubled[starts + gaps] - doubled[starts]
    lengths = np.linalg.norm(chords, axis=1)
    long = lengths >= SHORTEST_FLAT * ventricle.scale
    across = np.abs(chords @ ventricle.directions[0]) <= lengths * np.cos(np.pi / 4)
    pairs = [
        longest_flat_chord(doubled, starts[group], (starts + gaps)[group], FLATNESS * ventricle.scale)
        for group in (long & across, long & ~across)
    ]
    reach = max(1, round(CORNER_REACH * ventricle.scale / np.linalg.norm(points[1] - points[0])))
    turns = [-1.0 if pair is None else _corner_degrees(points, *pair, reach) for pair in pairs]
    chosen = pairs[1] if turns[1] >= max(CORNER_DEGREES, turns[0]) else pairs[0]
    return None if chosen is None else doubled[list(chosen)]


def principal_axis(ventricle: Outline, atrium: Outline | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return base and apex on a principal axis of the mask.

    With an atrium, it is the major or the minor axis, whichever points to the atrium, and the base faces the atrium.
    Without one, it is the major axis, and the base is the wide end.
    """
    center = ventricle.pixels.mean(axis=0)
    if atrium is None:
        direction = ventricle.directions[0]
        to_apex = (((ventricle.pixels - center) @ direction) ** 3).sum()  # the long tail of the mask is its apex
    else:
        away = center - atrium.pixels.mean(axis=0)
        direction = max(ventricle.directions, key=lambda axis: abs(axis @ away))
        to_apex = away @ direction
    direction = -direction if to_apex < 0 else direction
    along = (ventricle.contour - center) @ direction
    return center + along.min() * direction, center + along.max() * direction


def _distances(points: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the distances of points ``(n, 2)`` from the line through two ends."""
    chord, offset = ends[1] - ends[0], points - ends[0]
    return np.abs(chord[0] * offset[:, 1] - chord[1] * offset[:, 0]) / np.linalg.norm(chord)


def _corner_degrees(points: np.ndarray, start: int, stop: int, reach: int) -> float:
    """Return the smaller turn of a contour at the ends of a chord, toward the point ``reach`` steps beyond each."""
    first, last = points[start], points[stop % len(points)]
    chord = last - first
    sides = first - points[(start - reach) % len(points)], points[(stop + reach) % len(points)] - last
    cosines = [side @ chord / np.linalg.norm(side) / np.linalg.norm(chord) for side in sides]
    return float(np.degrees(np.arccos(np.clip(max(cosines), -1, 1))))
