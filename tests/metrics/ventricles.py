"""Frames with ventricles of known shape."""

from __future__ import annotations

import numpy as np

from gdkvm_monai.labels import LEFT_ATRIUM, LV

SIZE_MM = (130.0, 100.0)

FULL = (45, 25, 22, None), (40, 18, 16, None)
"""Semi-axes (length, 4CH width, 2CH width) of a full ellipsoid at ED and at ES."""

TRUNCATED = (50, 25, 22, 25), (44, 19, 17, 20)
"""The same ellipsoid, cut at the base 25 and 20 mm below the center."""


def truncated_volume_ml(a: float, b: float, c: float, h: float) -> float:
    """Return the volume of an ellipsoid with semi-axes ``a``, ``b``, ``c``, cut across ``a`` ``h`` below its center."""
    return np.pi * b * c * ((h + a) - (h**3 + a**3) / (3 * a**2)) / 1000


def inside(spacing, tilt_degrees, center=(60.0, 50.0)):
    """Return the coordinates of all pixel centers along and across a tilted axis, with the base at the positive end."""
    shape = [int(size / step) for size, step in zip(SIZE_MM, spacing)]
    rows, columns = np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, spacing)), indexing="ij")
    angle = np.deg2rad(tilt_degrees)
    y, x = rows - center[0], columns - center[1]
    return np.cos(angle) * y + np.sin(angle) * x, -np.sin(angle) * y + np.cos(angle) * x


def ventricle(half_length, half_width, spacing, tilt=0.0, cut=None, atrium=False):
    """Return a frame with an elliptical cavity whose base is cut off flat ``cut`` mm below the center."""
    along, across = inside(spacing, tilt)
    cavity = (along / half_length) ** 2 + (across / half_width) ** 2 <= 1
    frame = np.where(cavity & (along <= (half_length if cut is None else cut)), LV, 0)
    if atrium:
        edge = half_width * np.sqrt(1 - (cut / half_length) ** 2)
        below = (along > cut) & (((along - cut) / 25) ** 2 + (across / edge) ** 2 <= 1)
        frame[below] = LEFT_ATRIUM
    return frame


def patient(ed, es, spacing, tilt=0.0, **kwargs):
    """Return two views at ED and ES of an ellipsoid from its semi-axes (length, 4CH width, 2CH width) and base cut."""
    phases = []
    for length, *widths, cut in (ed, es):
        frames = (ventricle(length, width, spacing, tilt, cut, **kwargs) for width in widths)
        phases.append(dict(zip(("4CH", "2CH"), frames)))
    return phases
