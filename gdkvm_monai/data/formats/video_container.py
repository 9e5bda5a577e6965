"""What the container of a video says, or that there is none; FFmpeg plays what is there without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["check_container", "ends_early"]

EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
CLUSTER = b"\x1f\x43\xb6\x75"
MOST_PARTS = 1_000_000
"""Parts of a file to look at; a fragmented MP4 has two for each fragment, live Matroska one for each frame."""


def check_container(path: Path, format: Any) -> None:
    """Refuse pictures without a container, for which FFmpeg invents 25 frames per second.

    Args:
        path: video file, for the error message.
        format: PyAV's description of the container.

    Raises:
        ClipReadError: if there is none, as in a raw stream of JPEG or H.264, or a picture.
    """
    from av.format import Flags

    if format.flags & Flags.no_timestamps.value or format.name.endswith("_pipe"):
        raise ClipReadError(f"{path} holds bare pictures without their times; export it as AVI, MP4, or DICOM.")


def ends_early(path: Path) -> bool:
    """Compare the sizes in an AVI, MP4, QuickTime, or Matroska file with the length of the file.

    Args:
        path: video file.

    Returns:
        True if a part is longer than the rest of the file; False also if the container states no size.
    """
    with path.open("rb") as file:
        start = file.read(12)
        length = file.seek(0, 2)
        file.seek(0)
        if start.startswith(b"RIFF"):
            return _riff(file, length)
        if start.startswith(EBML):
            return _matroska(file, length)
        return start[4:8] in FIRST_BOXES and _boxes(file, length)


def _riff(file: BinaryIO, length: int) -> bool:
    """Top-level RIFF chunks; above 1 GB, an AVI file has several."""
    position = 0
    for _ in range(MOST_PARTS):
        file.seek(position)
        head = file.read(8)
        if not head.startswith(b"RIFF") or len(head) < 8:
            return False
        size = int.from_bytes(head[4:], "little")
        if size in (0, 0xFFFFFFFF):  # never finished by its recorder
            return False
        position += 8 + size + size % 2
        if position > length + size % 2:
            return True
    return False


def _boxes(file: BinaryIO, length: int) -> bool:
    """Boxes of an ISO base media file (ISO/IEC 14496-12, 4.2)."""
    position = 0
    for _ in range(MOST_PARTS):
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            return False
        size = int.from_bytes(head[:4], "big")
        size = int.from_bytes(head[8:], "big") if size == 1 else size
        if size < 8:  # 0: until the end of the file
            return False
        position += size
        if position > length:
            return True
    return False


def _matroska(file: BinaryIO, length: int) -> bool:
    """The segment, which holds everything after the EBML header."""
    file.seek(len(EBML))
    header = _element_size(file)
    if header is None:
        return False
    file.seek(header, 1)
    if file.read(len(SEGMENT)) != SEGMENT:
        return False
    size = _element_size(file)
    return _live_segment(file, length) if size is None else file.tell() + size > length


def _live_segment(file: BinaryIO, length: int) -> bool:
    """The elements of a segment that was streamed without a size, and those of its clusters; all others have a size."""
    for _ in range(MOST_PARTS):
        if file.tell() >= length:
            return file.tell() > length
        name = _element_name(file)
        size = _element_size(file)
        if not name or (size is None and name != CLUSTER):
            return bool(name)  # its size is missing; what is no element is damage, which shows while frames are decoded
        if name != CLUSTER:
            file.seek(size, 1)
    return False


def _element_name(file: BinaryIO) -> bytes:
    """Read a name of one to four bytes (RFC 8794, 5); empty if there is none."""
    first = file.read(1)
    width = 9 - first[0].bit_length() if first else 9
    return first + file.read(width - 1) if width <= 4 else b""


def _element_size(file: BinaryIO) -> int | None:
    """Read a size of one to eight bytes (RFC 8794, 4); ``None`` if it is unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    content = first + file.read(width - 1)
    size = int.from_bytes(content, "big") & ((1 << 7 * width) - 1)
    return None if len(content) < width or size == (1 << 7 * width) - 1 else size
