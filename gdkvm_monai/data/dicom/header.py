"""The header of an ultrasound DICOM clip, without patient data."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from gdkvm_monai.data.clip import INSTALL, ClipReadError
from gdkvm_monai.data.dicom.encoding import check_byte_order, check_syntax

__all__ = ["MULTI_FRAME", "OVERLAY_BIT_POSITIONS", "check_attributes", "count_frames", "is_dicom", "read_header"]

MULTI_FRAME = ("1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.3")  # the second is retired
NUMBERS = (
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
REQUIRED = ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation")
REQUIRED += ("BitsAllocated", "BitsStored", "PixelRepresentation")
GRAY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
YBR = ("YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "RedPaletteColorLookupTableDescriptor"
VALUES = {"BitsAllocated": (8, 16, 32), "PixelRepresentation": (0, 1), "PlanarConfiguration": (0, 1)}
OVERLAY_BIT_POSITIONS = range(0x60000102, 0x60200102, 0x20000)
"""Tags (60xx,0102) of the bits that hold overlays in the words of the pixels."""
LARGEST_HEADER = 1 << 21  # bytes of the attributes below: 100,000 frame times have less than 2 MB
# only these are read, so that no patient attribute can reach metadata, messages, or warnings
TAGS = (
    *("SOPClassUID", "Modality", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel"),
    *("PhotometricInterpretation", "PlanarConfiguration"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelSpacing"),
    *OVERLAY_BIT_POSITIONS,
    *(
        "QualityControlSubject",
        "SequenceOfUltrasoundRegions",
        "FrameTime",
        "FrameTimeVector",
        "FrameIncrementPointer",
        "CineRate",
        "RecommendedDisplayFrameRate",
    ),
    *(f"{color}PaletteColorLookupTableDescriptor" for color in ("Red", "Green", "Blue")),
    *(f"{kind}{color}PaletteColorLookupTableData" for color in ("Red", "Green", "Blue") for kind in ("", "Segmented")),
)


def is_dicom(path: Path) -> bool:
    """Return whether a file starts with the DICOM signature; its name does not matter."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_header(path: Path) -> Any:
    """Read the attributes that a reader needs: no patient data and no pixels.

    Returns:
        pydicom data set.

    Raises:
        ClipReadError: if pydicom is missing, or the file is damaged, deflated, or not DICOM.
    """
    try:
        import pydicom
    except ImportError as error:
        raise ClipReadError(f"{path} needs pydicom to be read; install it: {INSTALL.format('dicom')}.") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings quote header values
            file_meta = pydicom.filereader.read_file_meta_info(path)
            check_syntax(path, file_meta.TransferSyntaxUID)
            check_byte_order(path, file_meta)
            with _Limited(path) as file:
                header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(TAGS))
            header.walk(lambda data, element: element.value)  # convert all values here, where errors are caught
    except ClipReadError:
        raise
    except Exception as error:  # a damaged header raises almost anything
        cause = "" if is_dicom(path) else ": it does not have the letters DICM at byte 128"
        raise ClipReadError(f"{path} cannot be read as DICOM{cause}; copy it again from its source.") from error
    for name in NUMBERS:
        value = header.get(name)
        if value is not None and not (isinstance(value, int) and value >= 0):
            raise ClipReadError(f"{path} does not state {name} as one whole number; export it again.")
    return header


def check_attributes(path: Path, header: Any) -> None:
    """Check that an image has the attributes without which its pixels cannot be interpreted.

    Raises:
        ClipReadError: if one is missing or has a value that cannot be read, or the color space has other samples.
    """
    missing = [name for name in REQUIRED if header.get(name) is None]
    if header.get("SamplesPerPixel") == 3 and "JPEG" not in header.file_meta.TransferSyntaxUID.name:
        missing += ["PlanarConfiguration"] if header.get("PlanarConfiguration") is None else []
    if missing:
        raise ClipReadError(f"{path} does not state {' and '.join(missing)}; export it again with a complete header.")
    for name, allowed in VALUES.items():
        if header.get(name) not in (None, *allowed):
            raise ClipReadError(f"{path} states {name} {header.get(name)}, expected one of {allowed}; export it again.")
    if not 0 < header.BitsStored <= header.BitsAllocated:
        raise ClipReadError(
            f"{path} states {header.BitsStored} of {header.BitsAllocated} bits by its BitsStored and BitsAllocated; "
            "export it again."
        )
    _check_color_space(path, header)


def _check_color_space(path: Path, header: Any) -> None:
    color_space = header.PhotometricInterpretation
    if color_space not in (*GRAY, *YBR, "RGB"):
        raise ClipReadError(f"{path} states no color space that can be read, such as MONOCHROME2; export it as gray.")
    is_gray_rgb = header.SamplesPerPixel == 1 and color_space == "RGB" and PALETTE not in header  # gray is meant
    samples = 1 if color_space in GRAY or is_gray_rgb else 3
    if header.SamplesPerPixel != samples:
        raise ClipReadError(
            f"{path} states SamplesPerPixel {header.SamplesPerPixel}, but its color space, {color_space}, has "
            f"{samples}; export it again."
        )
    if header.SamplesPerPixel == 3 and (
        (header.BitsAllocated, header.BitsStored) != (8, 8) or header.PixelRepresentation
    ):
        raise ClipReadError(
            f"{path} states that its colors have {header.BitsStored} bits and PixelRepresentation "
            f"{header.PixelRepresentation}, expected 8 and 0, in BitsAllocated {header.BitsAllocated}, expected 8; "
            "export it again in 8 bits, with the true header."
        )


class _Limited(io.FileIO):
    """A file of which only a limited part may be read: millions of values or regions would take minutes to convert."""

    left = LARGEST_HEADER

    def read(self, size: int = -1) -> bytes:
        content = super().read(size)
        self.left -= len(content)
        if self.left < 0:
            raise OverflowError(f"a header of more than {LARGEST_HEADER} bytes")
        return content


def count_frames(path: Path, header: Any) -> int:
    """Return the number of frames in the header; a single image may omit it."""
    stated = header.get("NumberOfFrames")
    if stated is not None:
        return int(stated)
    frame_bytes = (header.get("Rows") or 0) * (header.get("Columns") or 0) * (header.get("SamplesPerPixel") or 1)
    several = not header.file_meta.TransferSyntaxUID.is_compressed and path.stat().st_size >= 2 * frame_bytes > 0
    if header.get("SOPClassUID") in MULTI_FRAME or (several and header.get("BitsAllocated") == 8):
        raise ClipReadError(f"{path} does not state NumberOfFrames, as a clip must; export it again.")
    return 1
