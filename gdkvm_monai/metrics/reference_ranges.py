"""Published reference ranges of left-heart measurements. They classify nobody: a range is shown beside a number."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SEXES", "SOURCE", "ReferenceRange", "reference_ranges"]

SOURCE = "2015 ASE/EACVI recommendations for cardiac chamber quantification (Lang et al., JASE 28(1), 2015)"
"""Publication of the ranges: mean ± 2 SD of healthy adults, from biplane volumes."""

SEXES = {"F": "women", "M": "men"}
"""Sex as in DICOM, and the name of the group in the publication."""

RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "ef_percent": {"M": (52, 72), "F": (54, 74)},
    "edv_ml": {"M": (62, 150), "F": (46, 106)},
    "esv_ml": {"M": (21, 61), "F": (14, 42)},
    "la_volume_index_ml_m2": {"M": (16, 34), "F": (16, 34)},
}


@dataclass(frozen=True)
class ReferenceRange:
    """A reference range.

    Attributes:
        group: group for which it holds: ``women``, ``men``, or ``adults`` if it is the same for both.
        low: lower end, in the unit of the quantity.
        high: upper end.
    """

    group: str
    low: float
    high: float


def reference_ranges(quantity: str, sex: str | None = None) -> tuple[ReferenceRange, ...]:
    """Return the reference ranges of a quantity.

    Args:
        quantity: ``ef_percent``, ``edv_ml``, ``esv_ml``, or ``la_volume_index_ml_m2``.
        sex: ``F`` or ``M``; ``None`` if unknown.

    Returns:
        The range of this sex, or those of both, women first; one range if it does not depend on sex; empty if there is
        none for this quantity.

    Raises:
        ValueError: if ``sex`` is unknown to the publication.

    Example:
        >>> reference_ranges("ef_percent", "F")
        (ReferenceRange(group='women', low=54, high=74),)
    """
    if sex is not None and sex not in SEXES:
        raise ValueError(f"there is no reference range for this sex; give one of {', '.join(SEXES)}, or None.")
    ranges = RANGES.get(quantity, {})
    if ranges and len(set(ranges.values())) == 1:
        return (ReferenceRange("adults", *ranges["F"]),)
    return tuple(ReferenceRange(SEXES[key], *ranges[key]) for key in SEXES if key in ranges and sex in (None, key))
