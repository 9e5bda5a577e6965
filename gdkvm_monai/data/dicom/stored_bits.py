"""Where the bits of a gray value are in its word, which pydicom assumes to be the lowest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["check_sign", "extract_stored_bits", "whole_words"]

SMOOTHER = 0.9  # share of the steps between pixels that must be left if values are taken as unsigned


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
        ClipReadError: if the bits do not fit, or bytes have values above the highest or below the lowest bit.
    """
    if not whole_words(header):
        return frame
    high, stored = int(header.HighBit), int(header.BitsStored)
    if not 0 < stored <= high + 1 <= int(header.BitsAllocated):
        raise ClipReadError(f"{path} states {stored} bits up to bit {high}, which do not fit; export it again.")
    if header.BitsAllocated == 8 and (frame >> high + 1).any():  # in larger words, these bits may hold an overlay
        raise ClipReadError(
            f"{path} states that bit {high} is the highest, but has larger values; export it again with the true "
            "BitsStored and HighBit."
        )
    low = high + 1 - stored
    if header.BitsAllocated == 8 and (frame & (1 << low) - 1).any():
        raise ClipReadError(
            f"{path} states that bit {low} is the lowest, but has values below it; export it again with the true "
            "BitsStored and HighBit."
        )
    return (frame >> low) & ((1 << stored) - 1)


def check_sign(frame: np.ndarray, header: Any, path: Path) -> None:
    """Refuse unsigned values that are called signed: bright pixels would be darker than black.

    Neighbors of which one has the highest bit and the other has not are near each other in the true representation.

    Raises:
        ClipReadError: if they are nearer as unsigned values.
    """
    if not header.PixelRepresentation or frame.dtype.kind != "i":
        return
    signed, values = frame.astype(np.int64), 1 << int(header.BitsStored)
    unsigned = signed & (values - 1)
    cross = (signed[:, 1:] < 0) != (signed[:, :-1] < 0)
    steps = [np.abs(np.diff(pixels, axis=1))[cross].sum() for pixels in (unsigned, signed)]
    if steps[0] < SMOOTHER * steps[1]:
        raise ClipReadError(
            f"{path} states signed values by its PixelRepresentation, but they are unsigned; export it again with 0."
        )


def _is_unsigned_gray(header: Any) -> bool:
    gray = header.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
    syntax = header.file_meta.TransferSyntaxUID
    as_words = not syntax.is_compressed or syntax.name.startswith("RLE")
    return gray and as_words and header.get("PixelRepresentation") == 0
