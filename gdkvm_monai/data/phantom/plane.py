"""The image plane of one view: the position of the heart in the sector, and the label of every point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdkvm_monai.data.phantom.heart import LeftHeart
from gdkvm_monai.data.phantom.section import LEVELS, Section
from gdkvm_monai.data.seeds import random_generator
from gdkvm_monai.labels import BACKGROUND, LEFT_ATRIUM, LV, MYOCARDIUM, VIEWS


class ViewPlane:
    """Place a heart in the sector of one apical view.

    The transducer is at the origin of picture coordinates: ``x`` to the right and ``y`` into the depth, in mm. The
    epicardial apex is fixed while the mitral plane moves toward it.

    Args:
        heart: the heart to cut.
        view: "2CH" or "4CH".
        seed: one or several non-negative integers; sets tilt, position, mitral plane, depth, and opening angle.

    Attributes:
        depth_mm: radius of the sector.
        half_angle: half of the opening angle of the sector in radians.
    """

    def __init__(self, heart: LeftHeart, view: str, seed: int | Sequence[int]) -> None:
        self.heart, self.view = heart, view
        rest = heart.section(view, [0.0])
        rng = random_generator(seed, 1 + VIEWS.index(view))
        self.half_angle = float(np.radians(rng.uniform(37, 44)))
        self._tilt = np.radians(rng.uniform(-16, 10))
        self._slope = rng.uniform(-0.12, 0.12)  # of the mitral plane against the axis; this shear keeps the volume
        self._apex = np.array([rng.uniform(-4, 14), rng.uniform(14, 26)])
        visible = rng.uniform(0.75, 1.15)  # share of the atrium inside the picture
        while not self._fits(rest):
            self._tilt, self._apex = 0.9 * self._tilt, self._apex * [0.9, 1.0] + [0.0, 1.5]
        below = (rest.wall_length + visible * rest.atrium_length)[0]
        self.depth_mm = float(self._apex[1] + below * np.cos(self._tilt) + 4)

    def _fits(self, section: Section) -> bool:
        x, y = np.moveaxis(self.to_picture(np.concatenate(outline(section, "wall")), section.wall_length[0]), -1, 0)
        return bool(np.all(np.abs(np.arctan2(x, y)) < self.half_angle - 0.01))

    def to_picture(self, points: np.ndarray, wall_length: np.ndarray | float) -> np.ndarray:
        """Map heart coordinates ``(x, z)`` to picture coordinates ``(x, y)``, both ``(..., 2)`` in mm."""
        x, down = points[..., 0], wall_length - points[..., 1] + self._slope * points[..., 0]
        cos, sin = np.cos(self._tilt), np.sin(self._tilt)
        return np.stack([self._apex[0] + cos * x - sin * down, self._apex[1] + sin * x + cos * down], axis=-1)

    def to_heart(self, points: np.ndarray, wall_length: np.ndarray | float) -> np.ndarray:
        """Map picture coordinates ``(x, y)`` to heart coordinates ``(x, z)``, both ``(..., 2)`` in mm."""
        dx, dy = points[..., 0] - self._apex[0], points[..., 1] - self._apex[1]
        cos, sin = np.cos(self._tilt), np.sin(self._tilt)
        x = cos * dx + sin * dy
        return np.stack([x, wall_length - (cos * dy - sin * dx) + self._slope * x], axis=-1)

    def classify(self, points: np.ndarray, section: Section, frame: int) -> np.ndarray:
        """Return the label of each point of the picture, ``(..., 2) -> (...)`` uint8, at one frame of a section.

        Args:
            points: picture coordinates in mm.
            section: the section of this plane's view.
            frame: index of the time.
        """
        x, z = np.moveaxis(self.to_heart(points, section.wall_length[frame]), -1, 0)
        label = np.full(x.shape, BACKGROUND, dtype=np.uint8)
        for name, value in (("atrium", LEFT_ATRIUM), ("wall", MYOCARDIUM), ("cavity", LV)):
            level = z / getattr(section, f"{name}_length")[frame] * (-1 if name == "atrium" else 1)
            half = np.interp(level, LEVELS, getattr(section, f"{name}_half")[frame], left=0, right=0)
            center = np.interp(level, LEVELS, (section.atrium_center if name == "atrium" else section.center)[frame])
            label[(np.abs(x - center) < half) & (level >= 0)] = value
        return label


def outline(section: Section, name: str) -> np.ndarray:
    """Return the outline of "cavity", "wall" or "atrium" in heart coordinates ``(x, z)``, ``(T, 2 U - 1, 2)`` in mm.

    It runs from the left end of the mitral plane over the apex (or the roof of the atrium) to the right end.
    """
    half, length = getattr(section, f"{name}_half"), getattr(section, f"{name}_length")
    center = section.atrium_center if name == "atrium" else section.center
    x = np.concatenate([center - half, (center + half)[:, -2::-1]], axis=1)
    z = length[:, None] * np.concatenate([LEVELS, LEVELS[-2::-1]]) * (-1 if name == "atrium" else 1)
    return np.stack([x, z], axis=-1)
