"""Cardiac output, body surface area, and quantities that are divided by it."""

from __future__ import annotations

__all__ = ["body_surface_area_m2", "cardiac_output_l_min"]


def cardiac_output_l_min(stroke_volume_ml: float, heart_rate_bpm: float) -> float:
    r"""Return the cardiac output, :math:`CO = SV \cdot HR / 1000`, in L/min.

    Args:
        stroke_volume_ml: EDV - ESV in mL; regurgitated blood is part of it.
        heart_rate_bpm: beats per minute.

    Example:
        >>> cardiac_output_l_min(70, 60)
        4.2
    """
    return stroke_volume_ml * heart_rate_bpm / 1000


def body_surface_area_m2(height_m: float, weight_kg: float) -> float:
    r"""Estimate the body surface area by the formula of Du Bois and Du Bois.

    .. math:: BSA = 0.007184 \cdot h^{0.725} \cdot w^{0.425} \quad \text{with } h \text{ in cm and } w \text{ in kg}

    Args:
        height_m: height in m, as in DICOM, above 0.
        weight_kg: weight in kg, above 0.

    Returns:
        Area in m2.

    Raises:
        ValueError: if a value is not above 0.

    References:
        Du Bois and Du Bois, "A formula to estimate the approximate surface area if height and weight be known",
        Archives of Internal Medicine 17, 1916.

    Example:
        >>> round(body_surface_area_m2(1.75, 70), 2)
        1.85
    """
    if not (height_m > 0 and weight_kg > 0):
        raise ValueError("height and weight must be above 0; give height in m and weight in kg.")
    return 0.007184 * (100 * height_m) ** 0.725 * weight_kg**0.425
