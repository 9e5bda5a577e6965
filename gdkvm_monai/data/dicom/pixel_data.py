"""Where a DICOM file stores its pixels, and the compressed frames in them, before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["check_pixel_length", "codestreams"]

PIXEL_DATA = b"\xe0\x7f\x10\x00"  # tag (7FE0,0010), little endian
ITEM = b"\xfe\xff\x00\xe0"  # tag (FFFE,E000), before each compressed frame
BIG_PIXEL_DATA = b"\x7f\xe0\x00\x10"
REPRESENTATIONS = (b"OB", b"OW", b"UN")
UNDEFINED = 0xFFFFFFFF
STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")
"""First bytes of a frame in JPEG, JPEG-LS, and JPEG 2000, which data within a frame cannot contain."""


class _PixelElement(NamedTuple):
    start: int  # of the value
    length: int | None  # None if undefined, as that of compressed frames


def check_pixel_length(path: Path, header: Any, count: int) -> None:
    """Refuse uncompressed pixels of another length than the header says: with other columns, pictures would be sheared.

    Pixels that are shorter are a lost end, which shows while frames are decoded, unless all frames have another size.

    Raises:
        ClipReadError: if there are no pixels, they are not stored as the transfer syntax says, or there are more than
            ``NumberOfFrames``, ``Rows``, and ``Columns`` state.
    """
    element = _find(path, header)
    if element is None:
        raise ClipReadError(f"{path} holds no pixel data; export the clip again with its pictures.")
    _check_items(path, header, element)
    if header.file_meta.TransferSyntaxUID.is_compressed:
        return
    color_space = header.PhotometricInterpretation
    bits = (2 if color_space == "YBR_FULL_422" else header.SamplesPerPixel) * header.BitsAllocated
    claimed = (header.Rows * header.Columns * count * bits + 7) // 8
    padding = max(min(header.Rows, header.Columns) * bits // 8 - 1, 1)  # less than a row or a column of one frame
    found = f"{path} has {element.length} bytes of pixels"
    if bits == 24 and element.length in (claimed // 3 * 2, claimed // 3 * 2 + 1):
        raise ClipReadError(f"{found}, those of YBR_FULL_422, but states {color_space}; export it again.")
    if element.length > claimed + padding or _has_another_size(element.length, header, count, bits):
        raise ClipReadError(
            f"{found}, but its rows, columns, and frames make {claimed}; export it again with a correct header."
        )


def _has_another_size(length: int, header: Any, count: int, bits: int) -> bool:
    """Whether a length is that of all frames with half of the bits, or with fewer rows or columns.

    A length of whole frames is that of a clip that lost its end.
    """
    frame, rest = divmod(8 * length, count)
    stated = header.Rows * header.Columns * bits
    if header.BitsAllocated == 16 and 0 <= frame - stated // 2 <= 8:
        return True
    is_whole = 8 * length % stated <= 8
    return not is_whole and rest <= 8 and any(frame % (side * bits) == 0 for side in (header.Rows, header.Columns))


def _check_items(path: Path, header: Any, element: _PixelElement) -> None:
    """Refuse compressed frames that are called uncompressed, which would be read as noise, and the reverse."""
    syntax = header.file_meta.TransferSyntaxUID
    with path.open("rb") as file:
        file.seek(element.start)
        start = file.read(len(ITEM))
    in_items = start == ITEM or element.length is None
    if in_items and not syntax.is_compressed:
        raise ClipReadError(
            f"{path} holds compressed frames, but its transfer syntax, {syntax.name}, is uncompressed; export it again."
        )
    if syntax.is_compressed and len(start) == len(ITEM) and start != ITEM:
        raise ClipReadError(f"{path} is not compressed, but its transfer syntax is {syntax.name}; export it again.")


def codestreams(path: Path, header: Any, count: int) -> Iterator[bytes]:
    """Yield the compressed frames, at most one more than there should be.

    Frames are told by their first bytes, and a frame in RLE is one fragment. The offset table is not used, because it
    is often wrong.
    """
    from pydicom.encaps import generate_fragments

    with path.open("rb") as file:
        file.seek(_find(path, header).start)
        fragments = islice(generate_fragments(file), 1, None)  # the first one is the offset table
        in_rle = header.file_meta.TransferSyntaxUID.name.startswith("RLE")
        yield from islice(fragments if in_rle else _join(fragments), count + 1)


def _join(fragments: Iterable[bytes]) -> Iterator[bytes]:
    """Join the fragments of each frame."""
    frame: list[bytes] = []
    for fragment in fragments:
        if frame and fragment.startswith(STARTS):
            yield b"".join(frame)
            frame = []
        frame.append(fragment)
    if frame:
        yield b"".join(frame)


def _find(path: Path, header: Any) -> _PixelElement | None:
    """Find the pixels; the header is read again, but not its values.

    Raises:
        ClipReadError: if the encoding is not the one that the file states.
    """
    import pydicom

    with path.open("rb") as file:
        pydicom.dcmread(file, stop_before_pixels=True, specific_tags=[])
        syntax = header.file_meta.TransferSyntaxUID
        order = "little" if syntax.is_little_endian else "big"
        if file.read(4) != (PIXEL_DATA if order == "little" else BIG_PIXEL_DATA):
            return None
        explicit = file.read(2) in REPRESENTATIONS  # as a length in implicit VR, these bytes would be odd
        file.seek(2 if explicit else -2, 1)
        if explicit is syntax.is_implicit_VR:  # pydicom reads such a header, but its pixels four bytes off
            stored = "explicit" if explicit else "implicit"
            raise ClipReadError(
                f"{path} is stored in {stored} VR, but its transfer syntax says otherwise; export it again."
            )
        length = int.from_bytes(file.read(4), order)
        start = file.tell()
    return _PixelElement(start, None if length == UNDEFINED else length)
