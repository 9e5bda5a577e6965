"""The left heart cut by the plane of one view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LEVELS", "Section"]

# Levels u from the mitral plane (0) to the apex (1), dense at the apex, where a width falls like a square root.
LEVELS = 1 - np.linspace(1, 0, 81) ** 2


@dataclass(frozen=True)
class Section:
    """The left heart cut by the plane of one view, at ``T`` times; lengths in mm.

    The long axis ``z`` starts at the mitral plane (0) and points to the apex; ``x`` points to the right of the picture.
    ``LEVELS`` are the ``U`` levels, as fractions of the length of the cavity, the wall, or the atrium.

    Attributes:
        cavity_length: mitral plane to endocardial apex, ``(T,)``.
        wall_length: mitral plane to epicardial apex, ``(T,)``.
        atrium_length: mitral plane to the roof of the atrium, ``(T,)``.
        cavity_half, wall_half, atrium_half: half-widths at each level, ``(T, U)``.
        center: ``x`` of the middle of the ventricle at each level, ``(T, U)``.
        atrium_center: ``x`` of the middle of the atrium at each level, ``(T, U)``.
    """

    cavity_length: np.ndarray
    wall_length: np.ndarray
    atrium_length: np.ndarray
    cavity_half: np.ndarray
    wall_half: np.ndarray
    atrium_half: np.ndarray
    center: np.ndarray
    atrium_center: np.ndarray
