"""Ultrasound regions of a DICOM header: where the tissue is, the pixel spacing, and whether to trust it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from gdkvm_monai.data.geometry import field_trust
from gdkvm_monai.data.mode import COLOR_DOPPLER

__all__ = ["Regions", "read_regions"]

TWO_D, M_MODE, SPECTRAL = 1, 2, 3  # RegionSpatialFormat
TISSUE, COLOR_FLOW, SPECTRAL_DATA = 1, 2, range(3, 9)  # RegionDataType
CENTIMETERS = 3  # PhysicalUnitsXDirection
SMALLEST = 20  # pixels: no echo is shown in a region that has at most as many rows or columns
TOLERANCE = 0.01  # relative difference below which two spacings are equal


class Regions(NamedTuple):
    """The tissue region, spacing, and mode of an image.

    Attributes:
        spacing_trust: ``ok``; ``scaled``: the regions exceed the image, so it was rescaled after they were written;
            ``absent``: no 2-D tissue region states its scale in centimeters; ``conflict``: two statements differ, or
            the size of the region is implausible for an echo, in millimeters or in pixels.
        spacing_mm: lateral and axial, for ``ok`` only.
        box: first column, first row, end column, and end row of the chosen 2-D tissue region, within the image;
            ``None`` if it is too small for an echo.
        mode: ``B-mode``, ``color Doppler``, ``spectral Doppler``, ``M-mode``, or ``unknown``. What
            ``UltrasoundColorDataPresent`` states does not count, because gray clips have it, too.
        count: number of 2-D tissue regions side by side that are large enough for an echo.
        number: which of them was chosen, from left to right, 1 or more.
    """

    spacing_trust: str
    spacing_mm: tuple[float, float] | None
    box: tuple[int, int, int, int] | None
    mode: str
    count: int = 0
    number: int = 0


def read_regions(header: Any, number: int | None = None) -> Regions:
    """Evaluate ``SequenceOfUltrasoundRegions`` (DICOM PS3.3 C.8.5.5).

    Args:
        header: pydicom data set with ``Rows`` and ``Columns``.
        number: which of the tissue regions side by side, from left to right; the largest if it is ``None`` or there is
            none of that number. The spacings of others do not count if one is chosen.
    """
    regions = list(header.get("SequenceOfUltrasoundRegions") or [])
    mode = _mode(header, regions)
    tissue = [region for region in regions if _kind(region) == (TWO_D, TISSUE) and not _is_empty(_box(region))]
    if not tissue:
        return Regions("absent", None, None, mode)
    apart = _side_by_side([region for region in tissue if not _is_small(_box(region))])
    if number is not None and 1 <= number <= len(apart):
        tissue = [apart[number - 1]]
    chosen = max(tissue, key=lambda region: _area(_box(region)))
    boxes = [_box(region) for region in tissue]
    columns, rows = int(header.Columns), int(header.Rows)
    box = _clamp(_box(chosen), columns, rows)
    if _is_small(_box(chosen)):
        return Regions("conflict", None, None, mode)
    spacings = [_spacing_mm(region) for region in tissue]
    spacing = _spacing_mm(chosen)
    if spacing is None:
        trust = "absent"
    elif (
        any(x1 > columns + 1 or y1 > rows + 1 for _, _, x1, y1 in boxes) or box is None
    ):  # an excess of one is a common error
        trust = "scaled"
    elif not all(_equal(spacing, other) for other in (*spacings, _pixel_spacing_mm(header)) if other):
        trust = "conflict"
    else:
        trust = field_trust((box[2] - box[0]) * spacing[0], (box[3] - box[1]) * spacing[1])
    place = 1 + next((index for index, region in enumerate(apart) if _box(region) == _box(chosen)), 0)
    return Regions(trust, spacing if trust == "ok" else None, box, mode, len(apart), place)


def _side_by_side(tissue: list) -> list:
    """Return the regions from left to right, without those whose center lies in a larger one, such as a zoom."""
    apart: list = []
    for region in sorted(tissue, key=lambda region: -_area(_box(region))):
        x0, y0, x1, y1 = _box(region)
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        if not any(a <= x <= c and b <= y <= d for a, b, c, d in map(_box, apart)):
            apart.append(region)
    return sorted(apart, key=lambda region: _box(region)[:2])


def _mode(header: Any, regions: list) -> str:
    kinds = [_kind(region) for region in regions]
    if any(form == M_MODE for form, _ in kinds):
        return "M-mode"
    if any(form == SPECTRAL or data in SPECTRAL_DATA for form, data in kinds):
        return "spectral Doppler"
    if any(data == COLOR_FLOW for _, data in kinds):
        return COLOR_DOPPLER
    return "B-mode" if (TWO_D, TISSUE) in kinds else "unknown"


def _kind(region: Any) -> tuple[Any, Any]:
    return region.get("RegionSpatialFormat"), region.get("RegionDataType")


def _box(region: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (_number(region.get(f"RegionLocation{end}")) for end in ("MinX0", "MinY0", "MaxX1", "MaxY1"))
    return x0, y0, x1 + 1, y1 + 1  # DICOM's last column and row are inclusive


def _is_empty(box: tuple[float, float, float, float]) -> bool:
    """Whether the corners are those of no region: all zero, because they were never filled in, or exchanged."""
    x0, y0, x1, y1 = box
    return box == (0, 0, 1, 1) or x1 <= x0 or y1 <= y0


def _is_small(box: tuple[float, float, float, float]) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) <= SMALLEST


def _area(box: tuple[float, float, float, float]) -> float:
    area = (box[2] - box[0]) * (box[3] - box[1])
    return area if math.isfinite(area) else -1


def _clamp(box: tuple[float, float, float, float], columns: int, rows: int) -> tuple[int, int, int, int] | None:
    if not all(math.isfinite(value) for value in box):
        return None
    x0, y0, x1, y1 = max(int(box[0]), 0), max(int(box[1]), 0), min(int(box[2]), columns), min(int(box[3]), rows)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _spacing_mm(region: Any) -> tuple[float, float] | None:
    units = region.get("PhysicalUnitsXDirection"), region.get("PhysicalUnitsYDirection")
    deltas_mm = tuple(10 * abs(_number(region.get(name))) for name in ("PhysicalDeltaX", "PhysicalDeltaY"))
    known = units == (CENTIMETERS, CENTIMETERS) and all(math.isfinite(delta) and delta > 0 for delta in deltas_mm)
    return deltas_mm if known else None


def _pixel_spacing_mm(header: Any) -> tuple[float, float] | None:
    try:
        rows_mm, columns_mm = (float(value) for value in header.get("PixelSpacing"))
    except (TypeError, ValueError):
        return None
    return (columns_mm, rows_mm) if rows_mm > 0 and columns_mm > 0 else None


def _equal(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=TOLERANCE) for a, b in zip(one, other))


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
