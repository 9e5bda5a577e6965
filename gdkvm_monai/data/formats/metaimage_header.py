"""The header of a MetaImage file, checked before its pixels are read: ITK crashes on some headers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["MetaImageHeader", "metaimage_files", "read_metaimage_header"]

LONGEST = 1 << 16  # bytes of a header; its last line is ElementDataFile
MOST_FILES, MOST_CHANNELS = 100_000, 1000
TYPES = {"CHAR": "i1", "UCHAR": "u1", "SHORT": "i2", "USHORT": "u2", "INT": "i4", "UINT": "u4"}
TYPES |= {"LONG": "i4", "ULONG": "u4", "LONG_LONG": "i8", "ULONG_LONG": "u8", "FLOAT": "f4", "DOUBLE": "f8"}
SPACINGS = (1e-6, 1e6)
"""Smallest and largest spacing in any unit; others, such as 0, are not those of a picture."""

UNITS_MM = {"": 1, "?": 1, "um": 0.001, "mm": 1, "cm": 10, "m": 1000}  # the first two state none
DATA_FILE = "the name of a file beside the header or below it, without %"


@dataclass(frozen=True)
class MetaImageHeader:
    """What a header states.

    Attributes:
        size: axes in file order, two or three; more only to be refused.
        channels: values per pixel.
        dtype: type of a value.
        spacing: along each axis.
        origin: along each axis.
        unit_mm: unit of both in millimeters.
        files: files of the pixels, each beside the header or below it: one, or one for each frame.
        skip: bytes of each file before the pixels; ``None`` if the pixels are at its end.
        compressed: whether the pixels are compressed by zlib.
    """

    size: tuple[int, ...]
    channels: int
    dtype: np.dtype
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    unit_mm: float
    files: tuple[Path, ...]
    skip: int | None
    compressed: bool

    @property
    def frame_bytes(self) -> int:
        """Size of a frame."""
        return math.prod(self.size[:2]) * self.channels * self.dtype.itemsize


def read_metaimage_header(path: Path) -> MetaImageHeader:
    """Read and check the header of a ``.mhd`` or ``.mha`` file.

    Raises:
        ClipReadError: if a field is missing, out of range, or names a file elsewhere. The message quotes numbers only:
            text in a header may contain names.
    """
    with path.open("rb") as file:
        content = file.read(LONGEST)
    fields, end = _fields(content)
    (dimensions,) = _numbers(path, fields, "NDims", [0])[:1]
    if dimensions not in (2, 3, 4):
        raise _wrong(path, "NDims", f"2 or 3, and is {dimensions}")
    size = _numbers(path, fields, "DimSize", [])
    if len(size) != dimensions:
        raise _wrong(path, "DimSize", f"{dimensions} sizes, and has {len(size)}")
    (channels,), (skip,) = (
        _numbers(path, fields, name, [default])[:1]
        for name, default in (("ElementNumberOfChannels", 1), ("HeaderSize", 0))
    )
    if not 1 <= channels <= MOST_CHANNELS or skip < -1:
        raise _wrong(path, "ElementNumberOfChannels or HeaderSize", f"plausible, and they are {channels} and {skip}")
    files, local = _files(path, fields, content, end)
    return MetaImageHeader(
        size=tuple(size),
        channels=channels,
        dtype=_dtype(path, fields),
        spacing=_lengths(path, fields, ("ElementSpacing", "ElementSize"), [1.0] * dimensions),
        origin=_lengths(path, fields, ("Offset", "Origin", "Position"), [0.0] * dimensions),
        unit_mm=_unit_mm(path, fields),
        files=files,
        skip=end if local else None if skip == -1 else skip,
        compressed=_is(fields, "CompressedData"),
    )


def metaimage_files(path: Path) -> list[Path]:
    """Return the files of a clip: the header and its pixel files; only the header if that is wrong."""
    try:
        files = read_metaimage_header(path).files
    except (ClipReadError, OSError):
        files = ()
    return [path, *(file for file in files if file != path)]


def _fields(content: bytes) -> tuple[dict[str, str], int]:
    """Return the fields up to ``ElementDataFile``, and the position after that line."""
    fields: dict[str, str] = {}
    position = 0
    while "ElementDataFile" not in fields and position < len(content):
        end = content.find(b"\n", position)
        end = len(content) if end < 0 else end
        key, _, value = content[position:end].decode("utf-8", "surrogateescape").partition("=")
        fields[key.strip()] = value.strip()
        position = end + 1
    return fields, position


def _numbers(path: Path, fields: dict[str, str], name: str, default: list, kind: type = int) -> list:
    """Return the numbers of a field, at least one unless that is the default."""
    try:
        return [kind(word) for word in fields[name].split()] or [kind("")] if name in fields else default
    except ValueError as error:
        raise _wrong(path, name, "numbers") from error


def _lengths(path: Path, fields: dict[str, str], names: tuple[str, ...], default: list[float]) -> tuple[float, ...]:
    """Return one number for each axis, from the first of the fields that is there."""
    name = next((name for name in names if name in fields), names[0])
    found = _numbers(path, fields, name, default, float)
    if len(found) < len(default) or not all(map(math.isfinite, found)):
        raise _wrong(path, name, f"{len(default)} finite numbers")
    if default[0] and not all(SPACINGS[0] <= abs(value) <= SPACINGS[1] for value in found):
        raise _wrong(path, name, f"numbers from {SPACINGS[0]:g} to {SPACINGS[1]:g}")
    return tuple(found[: len(default)])


def _unit_mm(path: Path, fields: dict[str, str]) -> float:
    unit = fields.get("DistanceUnits", "").lower()
    if unit not in UNITS_MM:
        raise _wrong(path, "DistanceUnits", "um, mm, cm, or m")
    return UNITS_MM[unit]


def _dtype(path: Path, fields: dict[str, str]) -> np.dtype:
    kind = TYPES.get(fields.get("ElementType", "").removeprefix("MET_"))
    if kind is None or fields.get("ObjectType", "Image") != "Image" or not _is(fields, "BinaryData", default=True):
        raise _wrong(path, "ElementType", "that of an image of binary numbers")
    big = _is(fields, "BinaryDataByteOrderMSB") or _is(fields, "ElementByteOrderMSB")
    return np.dtype((">" if big else "<") + kind)


def _is(fields: dict[str, str], name: str, default: bool = False) -> bool:
    return fields[name][:1].upper() in ("T", "1") if name in fields else default


def _files(path: Path, fields: dict[str, str], content: bytes, end: int) -> tuple[tuple[Path, ...], bool]:
    """Return the pixel files, and whether the pixels follow the header in the same file."""
    stated = fields.get("ElementDataFile", "")
    if stated in ("LOCAL", "Local", "local"):
        return (path,), True
    if stated.split()[:1] in (["LIST"], ["LIST:"]):
        listed = content[end:].decode("utf-8", "surrogateescape").split("\n")
        names = [name.strip() for name in listed if name.strip()]
    else:
        names = [stated]
    if not names or len(names) > MOST_FILES or not all(map(_is_plain, names)):
        raise _wrong(path, "ElementDataFile", DATA_FILE)
    return tuple(path.parent / name for name in names), False


def _is_plain(name: str) -> bool:
    """Whether a name stays in its folder on every system and is no pattern."""
    if not name or "%" in name or "\0" in name:
        return False
    paths = (PurePosixPath(name), PureWindowsPath(name))
    return not any(path.is_absolute() or path.drive or path.root or ".." in path.parts for path in paths)


def _wrong(path: Path, field: str, expected: str) -> ClipReadError:
    return ClipReadError(f"{path} cannot be read as MetaImage: its {field} must be {expected}; export the clip again.")
