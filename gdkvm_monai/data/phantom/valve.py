"""The mitral valve: two bright leaflets that open while the ventricle fills."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.data.phantom.section import Section

_PER_LEAFLET = 160


class MitralValve:
    """Scatterers of both leaflets, hinged at the ends of the mitral plane.

    Args:
        rng: random numbers, drawn once, so that scatterers keep their position on the leaflets.
        level_db: backscatter relative to myocardium.
    """

    def __init__(self, rng: np.random.Generator, level_db: float) -> None:
        count = 2 * _PER_LEAFLET
        self._side = np.repeat([-1.0, 1.0], _PER_LEAFLET)
        self._fraction = rng.uniform(0, 1, count)  # from the hinge to the tip
        self._thickness_mm = 0.5 * rng.standard_normal((count, 2))
        self._meeting, self._bend = rng.uniform(-0.25, 0.25), rng.uniform(0.05, 0.25)  # over the annulus
        self.amplitudes = 10 ** (level_db / 20) * rng.standard_normal((2, count))

    def positions(self, section: Section, opening: np.ndarray) -> np.ndarray:
        """Return the scatterers in heart coordinates ``(x, z)``, ``(T, K, 2)`` in mm.

        Args:
            section: the heart at ``T`` times.
            opening: 0 (closed: the tips meet near the mitral plane) to 1 (open: they point to the apex), ``(T,)``.
        """
        f, side, opening = self._fraction, self._side, opening[:, None]
        closed_x, closed_z = side + (self._meeting - side) * f, self._bend * np.sin(np.pi * f / 2)
        open_x, open_z = side * (1 - 0.4 * np.sin(np.pi * f / 2)), 0.85 * f
        points = np.stack([closed_x + opening * (open_x - closed_x), closed_z + opening * (open_z - closed_z)], axis=-1)
        return points * section.cavity_half[:, :1, None] + self._thickness_mm
