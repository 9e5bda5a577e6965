"""Palette colors of a DICOM frame."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["apply_palette"]

LARGEST = 1 << 16  # entries of a table
DISCRETE, LINEAR = 0, 1  # kinds of segments (DICOM PS3.3, C.7.9.2)


def apply_palette(frame: np.ndarray, header: Any) -> np.ndarray:
    """Look up the colors of a frame.

    Args:
        frame: ``(rows, columns)``, indices.
        header: pydicom data set with a palette.

    Returns:
        RGB ``(rows, columns, 3)``, unsigned integers of 8 bits.

    Raises:
        ValueError: if a table is larger than a palette can be; pydicom would expand a few bytes to gigabytes.
    """
    from pydicom.pixels import apply_color_lut

    for color in ("Red", "Green", "Blue"):
        data = header.get(f"Segmented{color}PaletteColorLookupTableData")
        if data is not None and _expanded(data, header) > LARGEST:
            raise ValueError(f"the palette has more than {LARGEST} colors")
    rgb = apply_color_lut(frame, header)
    if rgb.dtype.itemsize > 1 and not _has_bytes_in_words(header):
        rgb = rgb >> 8
    return rgb.astype(np.uint8)


def _has_bytes_in_words(header: Any) -> bool:
    """Whether the tables hold values of 8 bits in words of 16 bits."""
    tables = [header.get(f"{color}PaletteColorLookupTableData") or b"" for color in ("Red", "Green", "Blue")]
    return all(len(table) > 1 and np.frombuffer(table[: len(table) // 2 * 2], "<u2").max() < 256 for table in tables)


def _expanded(data: bytes, header: Any) -> int:
    """Count the entries of a segmented table; segments that repeat others are not counted but refused."""
    deep = header.RedPaletteColorLookupTableDescriptor[2] > 8
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2") if deep else np.frombuffer(data, np.uint8)
    position, entries = 0, 0
    while position + 1 < len(words):
        kind, length = int(words[position]), int(words[position + 1])
        if kind not in (DISCRETE, LINEAR):
            return LARGEST + 1
        entries += length
        position += 2 + (length if kind == DISCRETE else 1)
    return entries
