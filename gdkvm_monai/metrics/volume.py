"""Formulas for left ventricular volume and ejection fraction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Volumes", "area_length_volume_ml", "disk_volume_ml", "ejection_fraction"]


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """Volumes at end-diastole and end-systole, and the ejection fraction.

    Attributes:
        edv_ml: end-diastolic volume; NaN if it cannot be measured or the pixel spacing is unknown.
        esv_ml: end-systolic volume; NaN under the same conditions.
        ef_percent: ejection fraction, which needs no pixel spacing; NaN if it cannot be measured.
    """

    edv_ml: float
    esv_ml: float
    ef_percent: float

    @property
    def sv_ml(self) -> float:
        """Stroke volume, EDV - ESV, in mL."""
        return self.edv_ml - self.esv_ml


def disk_volume_ml(diameters_mm: ArrayLike, length_mm: float, other_diameters_mm: ArrayLike | None = None) -> float:
    r"""Sum elliptical disks along the long axis: Simpson's method, biplane (Eq. 8) or single-plane (Eq. 9).

    .. math:: V = \frac{\pi}{4} \sum_{i=1}^{n} D_i^{4c} \, D_i^{2c} \, \frac{L}{n}

    Args:
        diameters_mm: diameters in one view at the middle of each disk, ``(n,)``.
        length_mm: length of the ventricle.
        other_diameters_mm: diameters in the other view, ``(n,)``; by default the same as in the first, which makes the
            disks circular.

    Returns:
        The volume in mL.

    Raises:
        ValueError: if the two views have different numbers of disks.

    References:
        Lang et al., "Recommendations for cardiac chamber quantification", JASE 28(1), 2015; the paper's appendix A.

    Example:
        >>> round(disk_volume_ml([10.0] * 20, 100.0), 6)
        7.853982
    """
    first = np.asarray(diameters_mm, float)
    second = first if other_diameters_mm is None else np.asarray(other_diameters_mm, float)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"both views must have the same number of disks, got {first.shape} and {second.shape}.")
    return float(np.pi / 4 * np.sum(first * second) * length_mm / len(first) / 1000)


def area_length_volume_ml(area_mm2: float, length_mm: float) -> float:
    r"""Estimate a volume from the area and length in one view, :math:`V = 8 A^2 / (3 \pi L)`; exact for a spheroid.

    Args:
        area_mm2: area of the cavity.
        length_mm: length of the cavity.

    Returns:
        The volume in mL; NaN if the length is 0.
    """
    return float(8 * area_mm2**2 / (3 * np.pi * length_mm) / 1000) if length_mm else np.nan


def ejection_fraction(edv: float, esv: float) -> float:
    r"""Return the share of the end-diastolic volume that is ejected (Eq. 7), in percent.

    .. math:: EF = \frac{V_{ED} - V_{ES}}{V_{ED}} \times 100\%

    Args:
        edv: end-diastolic volume, in any unit.
        esv: end-systolic volume, in the same unit.

    Returns:
        EF in percent; below 0 if the ventricle is larger at end-systole; NaN if a volume is NaN or ``edv`` is 0.

    Raises:
        ValueError: if a volume is negative or infinite.

    Example:
        >>> ejection_fraction(120, 48)
        60.0
    """
    if np.isinf([edv, esv]).any() or edv < 0 or esv < 0:
        raise ValueError(f"volumes must be finite and not negative, got EDV {edv} and ESV {esv}; check the masks.")
    return float(100 * (edv - esv) / edv) if edv else np.nan
