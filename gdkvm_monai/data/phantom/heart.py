"""A beating left heart in three dimensions: cavity, wall, and atrium with exactly known volumes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdkvm_monai.data.phantom.beat import Beat
from gdkvm_monai.data.phantom.section import LEVELS, Section
from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.labels import VIEWS, parse_view

__all__ = ["LeftHeart"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(192)
_ROOTS = (_NODES + 1) / 2
_U, _DU = 1 - _ROOTS**2, _WEIGHTS * _ROOTS  # nodes and weights of an integral over u, substituted by u = 1 - r^2


class LeftHeart:
    r"""Draw one left heart from a seed and move it through its beat.

    Every level of the cavity is an ellipse with semi-axes :math:`b(u, t)` (four-chamber) and :math:`c(u, t)`
    (two-chamber), and its volume is

    .. math:: V(t) = \pi L(t) \int_0^1 b(u, t)\, c(u, t)\, du .

    The volume curve comes first; the length follows as :math:`L \propto V^\kappa` and one common factor on the widths
    makes the equation exact at every time. The wall keeps its volume, so it thickens as the cavity empties. Bowing the
    axis shifts the ellipses and changes no volume.

    Args:
        seed: one or several non-negative integers; the same seed gives the same heart.

    Attributes:
        beat: its volumes over time.

    Example:
        >>> LeftHeart(seed=0).section("4CH", [0.0, 0.3]).cavity_length.shape
        (2,)
    """

    def __init__(self, seed: int | Sequence[int]) -> None:
        rng = random_generator(seed, 0)
        self.beat = Beat(rng)
        self._draw_form(rng)
        self._draw_motion(rng)

    def _draw_form(self, rng: np.random.Generator) -> None:
        self._cut = rng.uniform(0.3, 0.6, (2, 1))  # mitral plane below the widest level, over the semi-axis
        self._exponent = rng.uniform(1.8, 2.4, (2, 1))
        self._belly = rng.uniform(-0.06, 0.06, (2, 1))
        elongation = rng.uniform(1.4, 1.85)  # length over mean diameter
        ratio = rng.uniform(0.88, 1.12)  # width in the two-chamber over width in the four-chamber view
        product = float(np.prod(self._profile(_U), axis=0) @ _DU)
        mean_half = (1000 * self.beat.edv_ml / (2 * np.pi * elongation * product)) ** (1 / 3)
        self._length = 2 * elongation * mean_half
        self._half = mean_half * np.array([[ratio**0.5], [ratio**-0.5]])
        self._thickness = rng.uniform(9, 13)
        self._apex_thinning = rng.uniform(0.6, 0.9)
        self._bow = rng.uniform(-0.11, 0.11, (2, 1, 1))  # over the half-width
        self._atrium = rng.uniform([0.45, 0.0], [0.65, 0.3])  # length over the ventricle's, bulge over the annulus
        self._atrium_lean = rng.uniform(-0.3, 0.3, 2)

    def _draw_motion(self, rng: np.random.Generator) -> None:
        self._shortening = rng.uniform(0.14, 0.24)  # share of the logarithm of the volume that the length carries
        self._base_share = rng.uniform(-0.15, 0.15)  # how much more the base contracts than the apex
        self._side_share = rng.uniform(-0.15, 0.15, (2, 1, 1))  # how much more one wall moves than the one opposite
        self._atrium_swing = rng.uniform(0.1, 0.25)

    def _profile(self, u: np.ndarray) -> np.ndarray:
        """Return the relative half-widths ``(2, U)`` at levels ``u``, in the order of ``VIEWS``."""
        height = self._cut - (1 + self._cut) * u
        ellipse = np.sqrt(np.clip(1 - np.abs(height) ** self._exponent, 0, None))
        return ellipse * (1 + self._belly * np.sin(2 * np.pi * u))

    def _widths(self, u: np.ndarray, volume_ml: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the cavity's length ``(T,)`` and its half-widths ``(2, T, U)`` in mm for volumes ``(T,)``."""
        emptied = (volume_ml / self.beat.edv_ml)[:, None]

        def nominal(levels: np.ndarray) -> np.ndarray:
            share = (1 - self._shortening) / 2 * (1 + self._base_share * np.cos(np.pi * levels))
            return (self._half * self._profile(levels))[:, None] * emptied**share

        length = self._length * emptied[:, 0] ** self._shortening
        nominal_ml = np.pi * length * (np.prod(nominal(_U), axis=0) @ _DU) / 1000
        return length, nominal(u) * np.sqrt(volume_ml / nominal_ml)[:, None]

    def _wall(self, volume_ml: np.ndarray) -> np.ndarray:
        """Return the wall's thickness at the widest level in mm, ``(T,)``, such that its volume stays the same."""
        profile = self._profile(_U)[:, None]
        length, half = self._widths(_U, np.append(self.beat.edv_ml, volume_ml))
        thickness = np.full(length.shape, self._thickness)
        for _ in range(12):  # Newton's method; the volume is a convex, growing function of the thickness
            outer, outer_length = half + thickness[:, None] * profile, length + self._apex_thinning * thickness
            area = np.prod(outer, axis=0) @ _DU
            slope = (outer * profile[::-1]).sum(0) @ _DU * outer_length + area * self._apex_thinning
            excess = area * outer_length - np.prod(half, axis=0) @ _DU * length
            thickness = thickness - (excess - excess[0]) / slope  # the first one, at end-diastole, is given
        return thickness[1:]

    def section(self, view: str, times_s: Sequence[float] | np.ndarray) -> Section:
        """Cut the heart by the plane of a view.

        Args:
            view: "2CH" or "4CH".
            times_s: ``T`` times in seconds.

        Returns:
            The section by the plane through the long axis: where the other view's bow moves an ellipse out of this
            plane, the plane cuts it off its middle.

        Raises:
            ValueError: if the view is unknown.
        """
        times = np.atleast_1d(np.asarray(times_s, dtype=float))
        volume_ml, plane = self.beat.volume_ml(times), VIEWS.index(parse_view(view))
        length, half = self._widths(LEVELS, volume_ml)
        thickness = self._wall(volume_ml)
        outer = half + thickness[:, None] * self._profile(LEVELS)[:, None]
        rest = self._widths(LEVELS, np.array([self.beat.edv_ml]))[1]
        center = (self._bow * half + self._side_share * (rest - half)) * np.sin(np.pi * LEVELS)
        atrium_length, atrium_half = self._left_atrium(
            half[plane, :, :1], rest[plane, 0, 0], length, self.beat.contraction(times)
        )
        return Section(
            cavity_length=length,
            wall_length=length + self._apex_thinning * thickness,
            atrium_length=atrium_length,
            cavity_half=_chord(half, center, plane),
            wall_half=_chord(outer, center, plane),
            atrium_half=atrium_half,
            center=center[plane],
            atrium_center=atrium_length[:, None] * self._atrium_lean[plane] * LEVELS,
        )

    def _left_atrium(
        self, annulus: np.ndarray, resting_annulus: float, length: np.ndarray, contraction: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the atrium's length ``(T,)`` and half-widths ``(T, U)``: it fills while the ventricle empties."""
        relative_length, bulge = self._atrium
        atrium_length = relative_length * self._length + 0.8 * (self._length - length)
        opening = 0.92 * (resting_annulus + (annulus - resting_annulus) * (1 - LEVELS) ** 2)
        swell = resting_annulus * (bulge + self._atrium_swing * contraction)[:, None] * np.sin(0.8 * np.pi * LEVELS)
        return atrium_length, (opening + swell) * np.sqrt(1 - LEVELS**3)


def _chord(half: np.ndarray, center: np.ndarray, plane: int) -> np.ndarray:
    """Return half of the chord that a plane through the axis cuts from shifted ellipses, ``(2, T, U) -> (T, U)``."""
    offset = np.divide(center[1 - plane], half[1 - plane], out=np.zeros_like(center[0]), where=half[1 - plane] > 0)
    return half[plane] * np.sqrt(1 - offset**2)
