"""What a compressed frame says about itself, compared with the header before it is decoded."""

from __future__ import annotations

from typing import Any

__all__ = ["DamagedFrameError", "check_codestream"]

SOF = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)  # the last is JPEG-LS
ALONE = (0x01, *range(0xD0, 0xD9))  # JPEG markers without a length
RLE_GAIN = 64  # two bytes stand for at most 128 pixels


class DamagedFrameError(ValueError):
    """A frame cannot be decoded; the message says why in our words and quotes numbers only."""


def check_codestream(codestream: bytes, header: Any) -> None:
    """Check that a compressed frame has the size in the header: a decoder would allocate what the frame claims.

    Args:
        codestream: one frame in JPEG, JPEG-LS, JPEG 2000, or RLE.
        header: pydicom data set with ``Rows`` and ``Columns``.

    Raises:
        DamagedFrameError: if the size differs, or the frame has no size or no end.
    """
    expected = (header.Rows, header.Columns)
    name = header.file_meta.TransferSyntaxUID.name
    if name.startswith("RLE"):
        if header.Rows * header.Columns > RLE_GAIN * len(codestream):
            raise DamagedFrameError(f"its {len(codestream)} bytes cannot hold {expected[0]} x {expected[1]} pixels")
        return
    found = _jpeg_2000_size(codestream) if "2000" in name else _jpeg_size(codestream)
    if found != expected:
        size = "no size" if found is None else f"{found[0]} rows and {found[1]} columns"
        raise DamagedFrameError(f"it states {size}, and the header {expected[0]} and {expected[1]}")
    if "2000" not in name and not codestream.rstrip(b"\0\xff").endswith(b"\xff\xd9"):  # the rest is padding
        raise DamagedFrameError("it has no end marker")


def _jpeg_size(codestream: bytes) -> tuple[int, int] | None:
    """Return rows and columns in the frame header (ITU-T T.81, B.2.2)."""
    position = 2
    while position + 9 <= len(codestream):
        if codestream[position] != 0xFF:
            return None
        marker = codestream[position + 1]
        if marker == 0xFF:  # padding
            position += 1
        elif marker in ALONE:
            position += 2
        elif marker in SOF:
            return _number(codestream, position + 5, 2), _number(codestream, position + 7, 2)
        else:
            position += 2 + _number(codestream, position + 2, 2)
    return None


def _jpeg_2000_size(codestream: bytes) -> tuple[int, int] | None:
    """Return rows and columns of the image area (ITU-T T.800, A.5.1)."""
    start = codestream.find(b"\xff\x4f\xff\x51", 0, 4096)  # after the boxes of a JP2 file, if any
    if start < 0:
        return None
    width, height, left, top = (_number(codestream, start + 8 + 4 * index, 4) for index in range(4))
    return height - top, width - left


def _number(content: bytes, start: int, size: int) -> int:
    return int.from_bytes(content[start : start + size], "big")
