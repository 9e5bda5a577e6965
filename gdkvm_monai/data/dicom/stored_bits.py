"""Where the bits of a gray value are in its word, which pydicom assumes to be the lowest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["extract_stored_bits", "whole_words"]


def whole_words(header: Any) -> dict[str, int]:
    """Return pydicom options that keep all bits of uncompressed unsigned gray values, for the function below.

    pydicom 3 clears the bits above ``BitsStored``, where values are if ``HighBit`` is another one, and where values
    that are larger than stated would lose their highest bits.
    """
    if _is_unsigned_gray(header) and header.get("HighBit") is not None:
        return {"bits_stored": int(header.BitsAllocated), "high_bit": int(header.BitsAllocated) - 1}
    return {}


def extract_stored_bits(frame: np.ndarray, header: Any, path: Path) -> np.ndarray:
    """Return the values in words of which ``HighBit`` is the highest bit of ``BitsStored``.

    Raises:
        ClipReadError: if the bits do not fit, or bytes have values above the highest bit.
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
    return (frame >> high + 1 - stored) & ((1 << stored) - 1)


def _is_unsigned_gray(header: Any) -> bool:
    gray = str(header.get("PhotometricInterpretation")).startswith("MONOCHROME")
    return gray and not header.file_meta.TransferSyntaxUID.is_compressed and header.get("PixelRepresentation") == 0
