"""The long axis of the left ventricle in one apical view, and the diameters across the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from monai.utils import look_up_option
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist, squareform

from gdkvm_monai.metrics.cavity import Cavity, Flag, find_cavity
from gdkvm_monai.metrics.contour import longest_flat_chord, resample_contour, trace_contour

AXES = ("atrium", "chord", "pca")
"""Rules that find the base, in the order in which they are tried."""

FLATNESS = 0.02
"""Largest distance of the contour from a base chord, as a share of the square root of the area."""

SHORTEST_BASE = 0.3
"""Length of the shortest chord that can be a base, as a share of the square root of the area."""


@dataclass(frozen=True)
class LongAxis:
    """Long axis of a ventricle; positions are array indices times spacing, lengths are in the unit of the spacing.

    Attributes:
        method: rule that found the axis: ``"atrium"``, ``"chord"``, ``"pca"``, or ``"given"``.
        base: midpoint of the base, ``(2,)``.
        ends: the two ends of the base, points of the contour, ``(2, 2)``; NaN if the rule does not find them.
        apex: apex, ``(2,)``.
        length: distance from base to apex.
        diameters: length inside the mask across the axis at fractions ``(i - 1/2) / n`` from the base, ``(n,)``.
        cavity: the measured pixels.
    """

    method: str
    base: np.ndarray
    ends: np.ndarray
    apex: np.ndarray
    length: float
    diameters: np.ndarray
    cavity: Cavity

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What looks wrong: the flags of the cavity."""
        return self.cavity.flags

    @property
    def base_width(self) -> float:
        """Distance between the two ends of the base; NaN if the rule does not find them."""
        return float(np.linalg.norm(self.ends[1] - self.ends[0]))


def measure_long_axis(
    ventricle: ArrayLike,
    spacing: Sequence[float],
    atrium: ArrayLike | None = None,
    axis: str | ArrayLike | None = None,
    disks: int = 20,
) -> LongAxis:
    """Find the base and the apex of a ventricle and measure its diameters.

    The pixels that :func:`~gdkvm_monai.metrics.cavity.find_cavity` chooses are measured, along their contour at level
    0.5. The base is the
    first of these that exists: the two contour points farthest apart among those within two pixels of the atrium's
    contour; the longest chord that the shorter arc of the contour follows closely and that is at an angle of at least
    45 degrees to the principal axis; the wide end of the principal axis. The apex is the contour point farthest from
    the midpoint of the base or, on the principal axis, its narrow end.

    Args:
        ventricle: binary mask of the cavity, ``(H, W)``.
        spacing: distance between pixels along axis 0 and axis 1.
        atrium: binary mask of the left atrium, ``(H, W)``; the same rule chooses its pixels.
        axis: the one rule of ``AXES`` to use, or the base and the apex as array indices, ``(2, 2)``.
        disks: number ``n`` of diameters.

    Returns:
        The axis, its diameters, and information about their quality.

    Raises:
        ValueError: if the mask is empty, or ``axis`` names a rule that cannot be applied.
    """
    cavity = find_cavity(ventricle, spacing)
    if not cavity.parts:
        raise ValueError("the mask of the left ventricle is empty; pass a frame that shows the ventricle.")
    contour = trace_contour(cavity.mask, spacing)
    method, ends, apex = _find_axis(cavity.mask, contour, spacing, atrium, axis)
    base = ends.mean(axis=0)
    return LongAxis(
        method=method,
        base=base,
        ends=ends if len(ends) == 2 else np.full((2, 2), np.nan),
        apex=apex,
        length=float(np.linalg.norm(apex - base)),
        diameters=_diameters(contour, base, apex, disks),
        cavity=cavity,
    )


def _find_axis(
    solid: np.ndarray,
    contour: np.ndarray,
    spacing: Sequence[float],
    atrium: ArrayLike | None,
    axis: str | ArrayLike | None,
) -> tuple[str, np.ndarray, np.ndarray]:
    """Return the rule used, the ends of the base ``(2, 2)`` or its midpoint ``(1, 2)``, and the apex ``(2,)``."""
    if axis is not None and not isinstance(axis, str):
        given = np.asarray(axis, float) * spacing
        if given.shape != (2, 2) or np.array_equal(given[0], given[1]):
            raise ValueError(f"axis must be a rule of {AXES} or two different points (base, apex), got {axis}.")
        return "given", given[:1], given[1]
    for method in AXES if axis is None else (look_up_option(axis, AXES),):
        if method == "pca":
            base, apex = _principal_axis(solid, contour, spacing)
            return method, base[None], apex
        if method == "atrium":
            ends = None if atrium is None else _atrial_base(contour, spacing, atrium)
        else:
            ends = _flat_base(solid, contour, spacing)
        if ends is not None:
            apex = contour[np.linalg.norm(contour - ends.mean(axis=0), axis=1).argmax()]
            return method, ends, apex
    raise ValueError(f"axis={axis!r} finds no base in this mask; use axis=None to fall back to another rule.")


def _atrial_base(contour: np.ndarray, spacing: Sequence[float], atrium: ArrayLike) -> np.ndarray | None:
    found = find_cavity(atrium, spacing)
    if not found.parts:
        return None
    distances, _ = cKDTree(trace_contour(found.mask, spacing)).query(contour)
    contact = contour[distances <= 2 * max(spacing)]
    if len(contact) < 2:
        return None
    first, second = np.unravel_index(squareform(pdist(contact)).argmax(), (len(contact),) * 2)
    return contact[[first, second]]


def _flat_base(solid: np.ndarray, contour: np.ndarray, spacing: Sequence[float]) -> np.ndarray | None:
    scale = np.sqrt(solid.sum() * np.prod(spacing))
    points = resample_contour(contour, 256)
    starts, gaps = (grid.ravel() for grid in np.mgrid[: len(points), 2 : len(points) // 2 + 1])
    doubled = np.concatenate([points, points])
    chords = doubled[starts + gaps] - doubled[starts]
    lengths = np.linalg.norm(chords, axis=1)
    along = np.abs(chords @ _principal_direction(solid, spacing))
    allowed = (along <= lengths * np.cos(np.pi / 4)) & (lengths >= SHORTEST_BASE * scale)
    ends = longest_flat_chord(doubled, starts[allowed], (starts + gaps)[allowed], FLATNESS * scale)
    return None if ends is None else doubled[list(ends)]


def _principal_direction(solid: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    pixels = np.argwhere(solid) * spacing
    return np.linalg.svd(np.cov(pixels.T, bias=True))[0][:, 0]


def _principal_axis(solid: np.ndarray, contour: np.ndarray, spacing: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.argwhere(solid) * spacing
    center, direction = pixels.mean(axis=0), _principal_direction(solid, spacing)
    if (((pixels - center) @ direction) ** 3).sum() < 0:  # the long tail of the mask is its apex
        direction = -direction
    along = (contour - center) @ direction
    return center + along.min() * direction, center + along.max() * direction


def _diameters(contour: np.ndarray, base: np.ndarray, apex: np.ndarray, disks: int) -> np.ndarray:
    length = np.linalg.norm(apex - base)
    if length == 0:
        return np.full(disks, np.nan)
    direction = (apex - base) / length
    along, across = (contour - base) @ direction, (contour - base) @ [-direction[1], direction[0]]
    next_along, next_across = np.roll(along, -1), np.roll(across, -1)
    diameters = []
    for level in (np.arange(disks) + 0.5) * length / disks:
        crosses = (along <= level) != (next_along <= level)  # an even number for a closed contour
        share = (level - along[crosses]) / (next_along[crosses] - along[crosses])
        hits = np.sort(across[crosses] + share * (next_across[crosses] - across[crosses]))
        diameters.append((hits[1::2] - hits[::2]).sum())
    return np.array(diameters)
