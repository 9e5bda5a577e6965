"""The flat end of the left ventricle in one apical view, which is its base."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gdkvm_monai.metrics.base import Outline
from gdkvm_monai.metrics.contour import longest_flat_chord, resample_contour

__all__ = ["flat_base"]

FLATNESS = 0.02
"""Largest distance of the contour from a flat base, as a share of the square root of the area."""

SHORTEST = 0.35
"""Length of the shortest flat base, as a share of the square root of the area; the outline of a disk has chords of 0.30
that count as flat, and up to 0.35 in pixels."""

CORNER_DEGREES = 45
"""Smallest turn of the contour at both ends of a flat base that runs along the principal axis."""

CORNER_REACH = 0.15
"""Length of contour over which it turns at a corner, as a share of the square root of the area."""

WIDE = 0.68
"""Ratio of the principal axes above which a ventricle may be wider than long, so that its corners alone tell the base
from a side wall; that of one in fifteen expert masks of CAMUS is greater, and the greatest is 0.76."""

WIDE_FLATNESS = 0.04
"""``FLATNESS`` of a wide ventricle, so that an uneven base is found too."""

WIDE_CORNER_DEGREES, WIDE_MARGIN_DEGREES = 40, 15
"""Smallest turn at both ends of the base of a wide ventricle, and by how much it exceeds that of the side wall."""

SAME_BASE = 0.8
"""Share of an uneven base that a flat one within it must have to replace it."""

POINTS = 256  # of the contour, to search it for a flat base
GAP = 2  # smallest difference of the indices of two ends

Chord = tuple[int, int]
"""Indices of the ends, the first below ``POINTS``, the second greater than the first."""


def flat_base(ventricle: Outline) -> np.ndarray | None:
    """Find the flat end of a ventricle: the longest chord that the shorter arc of the contour follows closely.

    The chord is at an angle of at least 45 degrees to the major axis, so that no side wall is taken for the base.
    In a ventricle that is wider than long, the major axis runs along the base: a chord at a smaller angle is the
    base if the contour turns by ``CORNER_DEGREES`` or more at both of its ends, and by more than at those of the other
    chord. At the ends of a side wall, it does not. In a ventricle whose axes are of similar length (``WIDE``), both
    chords are judged by their corners; if these are not clear, there is no flat base.

    Returns:
        Both ends, ``(2, 2)``, or ``None`` if no end is flat or two may be the base.
    """
    chords = _Chords(ventricle)
    chosen = _clear_base(chords) if ventricle.axis_ratio > WIDE else _narrow_base(chords)
    return None if chosen is None else chords.doubled[list(chosen)]


@dataclass(frozen=True)
class _Chords:
    """Chords of a contour that are long enough for a base."""

    ventricle: Outline

    @cached_property
    def points(self) -> np.ndarray:
        return resample_contour(self.ventricle.contour, POINTS)

    @cached_property
    def doubled(self) -> np.ndarray:
        return np.concatenate([self.points, self.points])

    @cached_property
    def groups(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Starts and stops of the chords across and along the major axis."""
        windows = sliding_window_view(self.doubled, POINTS // 2 + 1, axis=0)[:POINTS]  # (POINTS, 2, points that follow)
        x, y = (windows[:, axis, GAP:] - self.points[:, axis, None] for axis in (0, 1))
        lengths, major = np.sqrt(x * x + y * y), self.ventricle.directions[0]
        long = lengths >= SHORTEST * self.ventricle.scale
        across = np.abs(x * major[0] + y * major[1]) <= lengths * np.cos(np.pi / 4)
        found = [np.nonzero(long & kind) for kind in (across, ~across)]
        return tuple((starts, starts + gaps + GAP) for starts, gaps in found)

    def longest(self, flatness: float) -> list[Chord | None]:
        """Return the longest flat chord across and along the major axis."""
        tolerance = flatness * self.ventricle.scale
        return [longest_flat_chord(self.doubled, starts, stops, tolerance) for starts, stops in self.groups]

    def length(self, chord: Chord) -> float:
        return float(np.linalg.norm(self.doubled[chord[1]] - self.doubled[chord[0]]))

    def corner_degrees(self, chord: Chord | None) -> float:
        """Return the smaller turn of the contour at the ends of a chord, -1 without a chord."""
        if chord is None:
            return -1.0
        points, (start, stop) = self.points, chord
        reach = max(1, round(CORNER_REACH * self.ventricle.scale / np.linalg.norm(points[1] - points[0])))
        first, last = self.doubled[start], self.doubled[stop]
        line = last - first
        sides = first - points[(start - reach) % POINTS], points[(stop + reach) % POINTS] - last
        cosines = [side @ line / np.linalg.norm(side) / np.linalg.norm(line) for side in sides]
        return float(np.degrees(np.arccos(np.clip(max(cosines), -1, 1))))


def _narrow_base(chords: _Chords) -> Chord | None:
    across, along = chords.longest(FLATNESS)
    return along if chords.corner_degrees(along) >= max(CORNER_DEGREES, chords.corner_degrees(across)) else across


def _clear_base(chords: _Chords) -> Chord | None:
    """Return the chord whose corners are clearly sharper, flat rather than uneven if both are the same end."""
    uneven = chords.longest(WIDE_FLATNESS)
    turns = [chords.corner_degrees(chord) for chord in uneven]
    if max(turns) < WIDE_CORNER_DEGREES or abs(turns[0] - turns[1]) < WIDE_MARGIN_DEGREES:
        return None
    chosen = int(np.argmax(turns))
    base, flat = uneven[chosen], chords.longest(FLATNESS)[chosen]
    same = flat and base[0] <= flat[0] and flat[1] <= base[1] and chords.length(flat) >= SAME_BASE * chords.length(base)
    return flat if same else base
