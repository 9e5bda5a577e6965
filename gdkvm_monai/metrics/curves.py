"""Area and volume of each frame of a clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import ArrayLike

from gdkvm_monai.labels import LV, UNLABELED
from gdkvm_monai.metrics.cavity import find_cavity
from gdkvm_monai.metrics.spacing import check_spacing
from gdkvm_monai.metrics.ventricle import measure_ventricle
from gdkvm_monai.metrics.volume import disk_volume_ml

__all__ = ["area_curve", "volume_curve"]


def area_curve(clip: ArrayLike, spacing_mm: Sequence[float] | None = None) -> np.ndarray:
    """Measure the area of the left ventricle in each frame, of the pixels from which its volume is computed.

    Args:
        clip: class indices ``(H, W, T)``.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` if unknown.

    Returns:
        Areas ``(T,)`` in cm2, or in pixels without a spacing; NaN if the ventricle is missing or in
        pieces (see :class:`~gdkvm_monai.metrics.cavity.Cavity`) or the frame is not annotated.
    """
    clip, step = convert_to_numpy(clip), check_spacing(spacing_mm)
    cavities = [find_cavity(frame == LV, step) for frame in np.moveaxis(clip, -1, 0)]
    areas = np.array([cavity.pixels if cavity.whole else np.nan for cavity in cavities], float)
    areas[(areas == 0) | (clip == UNLABELED).any(axis=(0, 1))] = np.nan
    return areas if spacing_mm is None else areas * np.prod(step) / 100


def volume_curve(
    clip: ArrayLike, spacing_mm: Sequence[float] | None = None, axis: str | None = None, disks: int = 20
) -> np.ndarray:
    """Measure the single-plane volume of each frame of a clip (Eq. 9).

    Args:
        clip: class indices ``(H, W, T)``.
        spacing_mm: mm per pixel of axis 0 and axis 1, or ``None`` if unknown.
        axis: rule that finds the axis, see :func:`~gdkvm_monai.metrics.long_axis.measure_long_axis`.
        disks: number of disks.

    Returns:
        Volumes ``(T,)`` in mL, or without a spacing in thousands of cubic pixels, whose ratios alone are meaningful;
        NaN if the ventricle is missing or in pieces or the frame is not annotated.
    """
    volumes = []
    for frame in np.moveaxis(convert_to_numpy(clip), -1, 0):
        try:
            ventricle = measure_ventricle(frame, check_spacing(spacing_mm), axis=axis, disks=disks)
            whole = ventricle.cavity.whole
            volumes.append(disk_volume_ml(ventricle.diameters, ventricle.length) if whole else np.nan)
        except ValueError:
            volumes.append(np.nan)
    return np.array(volumes)
