"""Palette colors of a DICOM frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["apply_palette", "check_palette"]

COLORS = ("Red", "Green", "Blue")

LARGEST = 1 << 16  # entries of a table
DISCRETE, LINEAR = 0, 1  # kinds of segments (DICOM PS3.3, C.7.9.2)


def check_palette(path: Path, header: Any) -> None:
    """Check that a header with palette colors has three whole tables, of a size that a palette can have.

    Raises:
        ClipReadError: if a table is missing, short, or larger; pydicom would expand a few bytes to gigabytes.
    """
    if header.PhotometricInterpretation != "PALETTE COLOR":
        return
    descriptor = header.get("RedPaletteColorLookupTableDescriptor")
    tables = [_table(header, color) for color in COLORS]
    if not isinstance(descriptor, Sequence) or len(descriptor) != 3 or not all(tables):
        raise ClipReadError(f"{path} states palette colors, but its palette is missing or not whole; export it again.")
    entries = descriptor[0] or LARGEST
    is_segmented = "RedPaletteColorLookupTableData" not in header
    if descriptor[2] not in (8, 16):
        raise ClipReadError(f"{path} has a palette of {descriptor[2]} bits, expected 8 or 16; export it again.")
    if is_segmented and max(_expanded(table, header) for table in tables) > LARGEST:
        raise ClipReadError(f"{path} has a palette of more than {LARGEST} colors; export it again.")
    width = round(len(tables[0]) / entries)  # bytes of an entry
    if not is_segmented and (width not in (1, 2) or any(len(table) < width * entries for table in tables)):
        raise ClipReadError(
            f"{path} has a palette of {min(map(len, tables))} bytes for {entries} colors; export it again with its "
            "whole palette."
        )


def apply_palette(frame: np.ndarray, header: Any) -> np.ndarray:
    """Look up the colors of a frame.

    Args:
        frame: ``(rows, columns)``, indices.
        header: pydicom data set with a palette that :func:`check_palette` has accepted.

    Returns:
        RGB ``(rows, columns, 3)``, unsigned integers of 8 bits.
    """
    from pydicom.pixels import apply_color_lut

    rgb = apply_color_lut(frame, header)
    if rgb.dtype.itemsize > 1 and not _has_bytes_in_words(header):
        rgb = rgb >> 8
    return rgb.astype(np.uint8)


def _has_bytes_in_words(header: Any) -> bool:
    """Whether the tables hold values of 8 bits in words of 16 bits."""
    tables = [header.get(f"{color}PaletteColorLookupTableData") or b"" for color in COLORS]
    return all(len(table) > 1 and np.frombuffer(table[: len(table) // 2 * 2], "<u2").max() < 256 for table in tables)


def _table(header: Any, color: str) -> bytes | None:
    kind = "" if f"{color}PaletteColorLookupTableData" in header else "Segmented"
    return header.get(f"{kind}{color}PaletteColorLookupTableData")


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
