"""The base of the left ventricle in one apical view: contact with the atrium, or end of a principal axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist, squareform

from gdkvm_monai.metrics.contour import trace_contour

__all__ = ["Contact", "Outline", "principal_axis", "touch_atrium"]

SHORTEST_CONTACT = 0.3
"""Length of the shortest contact with the atrium, as a share of the square root of the area."""

BEND = 0.06
"""Largest distance of the contour from the base along the contact, as a share of the square root of the area."""

OFFSET = 0.15
"""Largest distance between the contact with the atrium and the flat base, as a share of the square root of the area."""

TOUCH = 2
"""Largest distance between contours that touch, in pixels."""


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

    @cached_property
    def axis_ratio(self) -> float:
        """Ratio of the minor to the major principal axis, 0 to 1."""
        major, minor = (self.pixels @ self.directions.T).std(axis=0)
        return float(minor / major) if major else 1.0


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
