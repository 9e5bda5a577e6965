"""Where the bits of a gray value are in its word, which pydicom assumes to be the lowest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipReadError
from gdkvm_monai.data.dicom.header import OVERLAY_BIT_POSITIONS

__all__ = ["check_sign", "extract_stored_bits", "whole_words"]

SMOOTHER = 0.9  # share of the steps between pixels that must be left if values are taken otherwise than stated


def whole_words(header: Any) -> dict[str, int]:
    """Return pydicom options that keep all bits of unsigned values, uncompressed or RLE, for the function below.

    pydicom 3 clears the bits above ``BitsStored``, where values are if ``HighBit`` is another one, and where values
    that are larger than stated would lose their highest bits.
    """
    if _is_unsigned_gray(header) and header.get("HighBit") is not None:
        return {"bits_stored": int(header.BitsAllocated), "high_bit": int(header.BitsAllocated) - 1}
    return {}


def extract_stored_bits(frame: np.ndarray, header: Any, path: Path) -> np.ndarray:
    """Return the values in words of which ``HighBit`` is the highest bit of ``BitsStored``.

    Raises:
        ClipReadError: if the bits do not fit, values have bits above the highest one that are no overlay, or bytes have
            values below the lowest bit.
    """
    if not whole_words(header):
        return frame
    high, stored = int(header.HighBit), int(header.BitsStored)
    if not 0 < stored <= high + 1 <= int(header.BitsAllocated):
        raise ClipReadError(f"{path} states {stored} bits up to bit {high}, which do not fit; export it again.")
    _check_bits_above(frame, header, path)
    low = high + 1 - stored
    if header.BitsAllocated == 8 and (frame & (1 << low) - 1).any():
        raise ClipReadError(
            f"{path} states that bit {low} is the lowest, but has values below it; export it again with the true "
            "BitsStored and HighBit."
        )
    return (frame >> low) & ((1 << stored) - 1)


def _check_bits_above(frame: np.ndarray, header: Any, path: Path) -> None:
    """Refuse values of more bits than stated, whose gray levels would wrap.

    A bit above the highest one may hold an overlay. If (60xx,0102) ``OverlayBitPosition`` does not name it, it is
    one if it is the only one, in words of 16 bits or more, and neighbors of which one has it are not nearer with it.

    Raises:
        ClipReadError: if bits above the highest one hold no overlay.
    """
    high, allocated = int(header.HighBit), int(header.BitsAllocated)
    if high + 1 == allocated:
        return
    positions = [header[tag].value for tag in OVERLAY_BIT_POSITIONS if tag in header]
    named = sum({1 << bit for bit in positions if isinstance(bit, int) and high < bit < allocated})
    values = frame.astype(np.int64) & ~named
    found = int(np.bitwise_or.reduce(values, axis=None)) >> high + 1
    if not found:
        return
    is_one_bit = allocated > 8 and found & (found - 1) == 0
    if not is_one_bit or _is_nearer(values, values & (1 << high + 1) - 1, values >> high + 1 > 0):
        raise ClipReadError(
            f"{path} states that bit {high} is the highest of {header.BitsStored} bits, but has values of "
            f"{int(values.max()).bit_length()} bits; export it again with the true BitsStored and HighBit."
        )


def _is_nearer(pixels: np.ndarray, others: np.ndarray, part: np.ndarray) -> bool:
    """Whether pixels are nearer than others, between neighbors in a row of which one is in a part of the picture."""
    cross = part[:, 1:] != part[:, :-1]
    steps = [np.abs(np.diff(values, axis=1))[cross].sum() for values in (pixels, others)]
    return bool(steps[0] < SMOOTHER * steps[1])


def check_sign(frame: np.ndarray, header: Any, path: Path) -> None:
    """Refuse unsigned values that are called signed: bright pixels would be darker than black.

    Neighbors of which one has the highest bit and the other has not are near each other in the true representation.

    Raises:
        ClipReadError: if they are nearer as unsigned values.
    """
    if not header.PixelRepresentation or frame.dtype.kind != "i":
        return
    signed, values = frame.astype(np.int64), 1 << int(header.BitsStored)
    if _is_nearer(signed & (values - 1), signed, signed < 0):
        raise ClipReadError(
            f"{path} states signed values by its PixelRepresentation, but they are unsigned; export it again with 0."
        )


def _is_unsigned_gray(header: Any) -> bool:
    gray = header.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
    syntax = header.file_meta.TransferSyntaxUID
    as_words = not syntax.is_compressed or syntax.name.startswith("RLE")
    return gray and as_words and header.get("PixelRepresentation") == 0
