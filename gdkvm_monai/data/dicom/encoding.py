"""Whether a DICOM file is encoded as its header says; otherwise, noise would be read, or a wrong cause be named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gdkvm_monai.data.clip import ClipReadError
from gdkvm_monai.data.dicom.codestream import LOSSLESS, SEQUENTIAL, frame_header

__all__ = ["check_byte_order", "check_compression", "check_syntax"]

RLE_START = 64  # offset of the first segment, which follows the number of segments


def check_syntax(path: Path, syntax: Any) -> None:
    """Refuse transfer syntaxes that cannot be read, before pydicom guesses or inflates a huge file.

    Args:
        path: DICOM file, for the error message.
        syntax: pydicom UID of the transfer syntax.

    Raises:
        ClipReadError: if the syntax is private, deflated, or none at all.
    """
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    try:
        is_defined = syntax.is_transfer_syntax and not syntax.is_private
    except ValueError:
        is_defined = False
    if not is_defined:  # not quoted: it may be any text
        raise ClipReadError(
            f"{path} has a transfer syntax that DICOM does not define; export it uncompressed or as JPEG."
        )
    if syntax == DeflatedExplicitVRLittleEndian:
        raise ClipReadError(f"{path} is compressed by {syntax.name}; export it uncompressed or as JPEG.")


def check_byte_order(path: Path, file_meta: Any) -> None:
    """Compare the first element, of group 8, with the byte order that the transfer syntax states.

    Raises:
        ClipReadError: if the order is the other one, in which pydicom finds no known attribute.
    """
    if "FileMetaInformationGroupLength" not in file_meta:
        return
    with path.open("rb") as file:
        file.seek(132 + 12 + file_meta.FileMetaInformationGroupLength)
        first = file.read(4)
    little, big = first[:2] == b"\x08\0" and first[3:] == b"\0", first[:3] == b"\0\x08\0"
    if little if not file_meta.TransferSyntaxUID.is_little_endian else big:
        stored = "little" if little else "big"
        raise ClipReadError(
            f"{path} is stored in {stored} endian, but its transfer syntax says otherwise; export it again."
        )


def check_compression(path: Path, codestream: bytes, header: Any) -> None:
    """Compare a compressed frame with the transfer syntax, the samples, and the bits that the header states.

    Raises:
        ClipReadError: if they differ.
    """
    syntax = header.file_meta.TransferSyntaxUID
    stated, found = _stated_compression(syntax.name), _found_compression(codestream)
    if found and found != stated:
        raise ClipReadError(
            f"{path} is compressed by {found}, but its transfer syntax is {syntax.name}; export it again."
        )
    frame = frame_header(codestream)
    samples, stored, allocated = header.SamplesPerPixel, header.BitsStored, header.BitsAllocated
    claimed, bits = f"SamplesPerPixel {samples} and BitsAllocated {allocated}", f"BitsStored {stored} of {allocated}"
    if frame is None:
        bytes_per_pixel = int.from_bytes(codestream[:4], "little")
        differs = found == "RLE" and 8 * bytes_per_pixel != samples * allocated
        have = f"{8 * bytes_per_pixel} bits per pixel"
    elif frame.samples != samples:
        differs, have = True, f"{frame.samples} sample{'s' if frame.samples > 1 else ''} per pixel"
    else:
        too_deep = allocated == 8 and frame.bits > stored and frame.marker in (*SEQUENTIAL, *LOSSLESS)
        differs = too_deep or (frame.marker in SEQUENTIAL and (frame.bits > 8) != (allocated > 8))
        claimed, have = bits, f"{frame.bits} bits per sample"
    if differs:
        raise ClipReadError(
            f"{path} states {claimed}, but its compressed frames have {have}; export it again with the true header."
        )


def _stated_compression(name: str) -> str:
    if "Lossless" in name and "JPEG-LS" not in name and "2000" not in name and not name.startswith("RLE"):
        return "lossless JPEG"
    return next((kind for kind in ("RLE", "JPEG-LS", "JPEG 2000") if kind in name), "JPEG")


def _found_compression(codestream: bytes) -> str:
    """Name the compression by the first bytes of a frame; empty if they are of none."""
    frame = frame_header(codestream)
    if frame is None:
        starts = int.from_bytes(codestream[:4], "little"), int.from_bytes(codestream[4:8], "little")
        return "RLE" if 1 <= starts[0] <= 15 and starts[1] == RLE_START else ""
    if frame.marker is None:
        return "JPEG 2000"
    return "JPEG-LS" if frame.marker == 0xF7 else "lossless JPEG" if frame.marker in LOSSLESS else "JPEG"
