"""The scatterers: what they are made of, and how they move with the tissue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from gdkvm_monai.data.phantom.plane import ViewPlane, outline
from gdkvm_monai.data.phantom.section import LEVELS, Section
from gdkvm_monai.data.phantom.ultrasound import Sector
from gdkvm_monai.data.phantom.valve import MitralValve
from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.labels import BACKGROUND, MYOCARDIUM, VIEWS

_DEPTHS = np.linspace(0, 1, 9)  # from endocardium to epicardium
_PER_LINE = 2 * len(LEVELS) - 1  # points of an outline
_PER_SAMPLE = 1.6  # scatterers per sample of the sector
_REACH_MM = 22.0  # how far the heart drags the tissue around it


class Tissue:
    """Fill a sector with scatterers and attach each to the nearest material point of the heart at end-diastole.

    Args:
        plane: the view.
        sector: the beams; they set the density of the scatterers.
        seed: one or several non-negative integers.
    """

    def __init__(self, plane: ViewPlane, sector: Sector, seed: int | Sequence[int]) -> None:
        self.plane, self.sector = plane, sector
        self._rng = random_generator(seed, 10 + VIEWS.index(plane.view))
        rest = plane.heart.section(plane.view, [0.0])
        self._points = self._draw_points(rest)
        self._nodes = self._material_points(rest)[0]
        distance, self._node = cKDTree(self._nodes).query(self._points)
        self._grip = np.exp(-((distance / _REACH_MM) ** 2))[:, None]
        level_db = self._level_db(rest, distance)
        self._valve = MitralValve(self._rng, level_db=-2)
        self._amplitudes = self._rng.standard_normal((2, 2, len(self._points)))  # two planes of scatterers
        self._amplitudes *= 10 ** (level_db / 20) / np.sqrt(_PER_SAMPLE)

    def _draw_points(self, rest: Section) -> np.ndarray:
        """Return scatterers outside the blood of the left heart, uniform over beams and samples, ``(N, 2)``."""
        count = int(_PER_SAMPLE * np.prod(self.sector.shape))
        limits = [[-self.sector.half_angle, 0.0], [self.sector.half_angle, self.sector.depth_mm]]
        angle, radius = self._rng.uniform(*limits, (count, 2)).T
        points = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=-1)
        self._label = self.plane.classify(points, rest, 0)
        kept = (self._label == BACKGROUND) | (self._label == MYOCARDIUM)
        self._label = self._label[kept]
        return points[kept]

    def _material_points(self, section: Section) -> np.ndarray:
        """Return points of the wall and of the atrium's outline in the picture that keep their index, ``(T, M, 2)``."""
        inner, outer, atrium = (outline(section, name) for name in ("cavity", "wall", "atrium"))
        wall = [inner + depth * (outer - inner) for depth in _DEPTHS]
        points = np.concatenate([*wall, atrium], axis=1)
        return self.plane.to_picture(points, section.wall_length[:, None])

    def positions(self, section: Section, times_s: np.ndarray) -> Iterator[np.ndarray]:
        """Yield where the scatterers are at each time of a section, ``(N, 2)`` in mm."""
        opening = self.plane.heart.beat.mitral_opening(times_s)
        valve = self.plane.to_picture(self._valve.positions(section, opening), section.wall_length[:, None])
        for moved, leaflets in zip(self._material_points(section), valve):
            yield np.concatenate([self._points + self._grip * (moved - self._nodes)[self._node], leaflets])

    def amplitudes(self, contraction: float) -> np.ndarray:
        """Return the amplitudes ``(2, N)``: motion across the plane gradually replaces the scatterers."""
        angle = 0.9 * contraction
        tissue = np.cos(angle) * self._amplitudes[0] + np.sin(angle) * self._amplitudes[1]
        return np.concatenate([tissue, self._valve.amplitudes], axis=1)

    def _level_db(self, rest: Section, distance: np.ndarray) -> np.ndarray:
        """Return the backscatter of each scatterer in dB relative to myocardium, ``(N,)``."""
        x, z = self.plane.to_heart(self._points, rest.wall_length[0]).T
        length, half = rest.cavity_length[0], rest.wall_half[0].max()
        level = self._texture(5.5)
        wall = self._label == MYOCARDIUM
        facing = self._facing()[self._node]
        depth = np.append(np.repeat(_DEPTHS, _PER_LINE), np.full(_PER_LINE, 0.5))[self._node]  # atrium: no border
        border = np.exp(-((depth / 0.15) ** 2)) + 0.7 * np.exp(-(((1 - depth) / 0.2) ** 2))
        level[wall] += (-2 + self.sector.quality.border_db * border * facing)[wall]
        outside = ~wall
        level[outside] = 1.3 * level[outside] - np.where(z[outside] < 0, 1, 5)
        rim = outside & (distance < 2.5) & ((x > 0) | (z < 0))  # pericardium, and the thin wall of the atrium
        level[rim] += 9 * facing[rim]
        if self.plane.view == "4CH":
            self._add_right_heart(level, x, z, length, half, outside & (distance > 1.5))
        return level

    def _add_right_heart(
        self, level: np.ndarray, x: np.ndarray, z: np.ndarray, length: float, half: float, free: np.ndarray
    ) -> None:
        """Darken the blood of the right ventricle and atrium, which lie left of the septum in the picture."""
        for center_z, half_z, width in ((0.28 * length, 0.42 * length, 34.0), (-0.27 * length, 0.22 * length, 32.0)):
            radius = np.hypot((x + half + 1) / width, (z - center_z) / half_z)
            level[free & (x < 0) & (radius < 1)] = -30  # blood, where only noise is visible
            level[free & (x < 0) & (radius >= 1) & (radius < 1.16)] += 5

    def _texture(self, spread_db: float) -> np.ndarray:
        """Return a smooth random level in dB at each scatterer: fibers, fat, and uneven gain."""
        fine, coarse = (
            gaussian_filter(self._rng.standard_normal((40, 80)), sigma) for sigma in ((0.8, 1.2), (3.0, 4.5))
        )
        field = fine + 4 * coarse
        field *= spread_db / field.std()
        angle, radius = np.arctan2(*self._points.T), np.hypot(*self._points.T)
        where = [(angle / self.sector.half_angle + 1) / 2 * 39, radius / self.sector.depth_mm * 79]
        return map_coordinates(field, where, order=1, mode="nearest")

    def _facing(self) -> np.ndarray:
        """Return the cosine between the beam and the normal of the outline at each material point, ``(M,)``."""
        lines = self._nodes.reshape(-1, _PER_LINE, 2)
        along = np.gradient(lines, axis=1)
        across = along[..., 0] * lines[..., 1] - along[..., 1] * lines[..., 0]
        lengths = np.linalg.norm(along, axis=-1) * np.linalg.norm(lines, axis=-1)
        return (np.abs(across) / np.maximum(lengths, 1e-6)).ravel()
