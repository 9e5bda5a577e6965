"""What a compressed frame says about itself, compared with the header before it is decoded."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["LOSSLESS", "SEQUENTIAL", "DamagedFrameError", "FrameHeader", "check_codestream", "frame_header", "rle_size"]

SEQUENTIAL = (0xC0, 0xC1, 0xC2)  # JPEG markers of frames with 8 or 12 bits
LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
SOF = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)  # the last is JPEG-LS
JPEG_2000 = (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")  # without and with the boxes of a JP2 file
ALONE = (0x01, *range(0xD0, 0xD9))  # JPEG markers without a length
RLE_GAIN = 64  # two bytes stand for at most 128 pixels


class DamagedFrameError(ValueError):
    """A frame cannot be decoded; the message says why in our words and quotes numbers only."""


class FrameHeader(NamedTuple):
    """What a compressed frame says about itself: its size, samples per pixel, bits per sample, and JPEG marker."""

    rows: int
    columns: int
    samples: int
    bits: int
    marker: int | None  # None for JPEG 2000


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
    found = frame_header(codestream)
    if found is None or (found.rows, found.columns) != expected:
        size = "no size" if found is None else f"{found.rows} rows and {found.columns} columns"
        raise DamagedFrameError(f"it states {size}, and the header {expected[0]} and {expected[1]}")
    if "2000" not in name and not codestream.rstrip(b"\0\xff").endswith(b"\xff\xd9"):  # the rest is padding
        raise DamagedFrameError("it has no end marker")


def rle_size(codestream: bytes) -> int:
    """Return the number of bytes in the first segment of a frame in RLE, without decoding it (DICOM PS3.5, G.3)."""
    segments, position, following = (int.from_bytes(codestream[4 * part : 4 * part + 4], "little") for part in range(3))
    end, size = following if segments > 1 else len(codestream), 0
    while position < end - 1:
        run = codestream[position]
        size += 0 if run == 128 else run + 1 if run < 128 else 257 - run
        position += 1 if run == 128 else run + 2 if run < 128 else 2
    return size


def frame_header(codestream: bytes) -> FrameHeader | None:
    """Return what a frame in JPEG, JPEG-LS, or JPEG 2000 says about itself; ``None`` if it says nothing."""
    if codestream.startswith(b"\xff\xd8"):
        return _jpeg_header(codestream)
    return _jpeg_2000_header(codestream) if codestream.startswith(JPEG_2000) else None


def _jpeg_header(codestream: bytes) -> FrameHeader | None:
    """Read the frame header (ITU-T T.81, B.2.2)."""
    position = 2
    while position + 10 <= len(codestream):
        if codestream[position] != 0xFF:
            return None
        marker = codestream[position + 1]
        if marker == 0xFF:  # padding
            position += 1
        elif marker in ALONE:
            position += 2
        elif marker in SOF:
            rows, columns = _number(codestream, position + 5, 2), _number(codestream, position + 7, 2)
            return FrameHeader(rows, columns, codestream[position + 9], codestream[position + 4], marker)
        else:
            position += 2 + _number(codestream, position + 2, 2)
    return None


def _jpeg_2000_header(codestream: bytes) -> FrameHeader | None:
    """Read the image area and its samples (ITU-T T.800, A.5.1)."""
    start = codestream.find(b"\xff\x4f\xff\x51", 0, 4096)  # after the boxes of a JP2 file, if any
    if start < 0:
        return None
    bits = 1 + (_number(codestream, start + 42, 1) & 0x7F)
    width, height, left, top = (_number(codestream, start + 8 + 4 * index, 4) for index in range(4))
    return FrameHeader(height - top, width - left, _number(codestream, start + 40, 2), bits, None)


def _number(content: bytes, start: int, size: int) -> int:
    return int.from_bytes(content[start : start + size], "big")
