"""NIfTI clips, read with nibabel: MONAI's own reader mistakes the time axis for channels or depth."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import nibabel
import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.openers import ImageOpener

from gdkvm_monai.data.clip import PHANTOM_MARK, ClipMeta, ClipReadError, ClipStream, ReadOptions, check_size
from gdkvm_monai.data.geometry import frame_time_meta, picture_affine, spacing_meta

__all__ = ["open_nifti"]

MILLIMETERS, MILLISECONDS = {"meter": 1000, "micron": 0.001}, {"sec": 1000, "msec": 1, "usec": 0.001}
TOLERANCE = 0.01  # relative difference below which two spacings are equal
DEFLATE_LIMIT = 1032  # gzip cannot compress by more than this factor
GZIP = b"\x1f\x8b"  # first bytes
HEADER_LIMIT = 1 << 24  # bytes before the pixels; nibabel loads header extensions into memory
DAMAGE = (EOFError, OSError, ValueError, zlib.error, nibabel.filebasedimages.ImageFileError)
DAMAGE += (nibabel.spatialimages.HeaderDataError,)


def open_nifti(path: Path, options: ReadOptions) -> ClipStream:
    """Stream ``(H, W, T)``, ``(H, W, 1, T)``, ``(H, W, T, 1)``, or one frame ``(H, W)``, with the header's scaling.

    A ``.nii.gz`` is decompressed once, from start to end; its checksum is verified after the last frame.
    """
    # nibabel, not SimpleITK: SimpleITK fills a truncated file with zeros
    try:
        _check_header(path)
        image = nibabel.load(path)
        _check_bytes(path, image)
    except DAMAGE as error:
        raise _damaged(path, error) from error
    shape, dtype = list(image.shape), image.get_data_dtype()
    if len(shape) == 4 and 1 in shape[2:]:  # (H, W, 1, T) and (H, W, T, 1); a fifth axis is color
        shape.pop(2 + shape[2:].index(1))
    if len(shape) == 2:
        shape.append(1)
    if len(shape) != 3 or dtype.kind not in "buif":  # NIfTI has color as a compound type, too
        raise ClipReadError(
            f"{path} has shape {image.shape} and type {dtype}, "
            "expected a gray clip (H, W, T), (H, W, 1, T), or a frame (H, W)."
        )
    check_size(path, shape, options.max_voxels)
    lengths, times = _units(path, image)
    affine = _affine(image, MILLIMETERS.get(lengths, 1))
    stored = (tuple(shape), dtype, image.dataobj.offset, image.dataobj.slope, image.dataobj.inter)
    meta: ClipMeta = {**spacing_meta(affine, shape), **_frame_time(image, times)}
    if meta["spacing_trust"] == "ok" and not _forms_agree(image):
        meta["spacing_trust"] = "conflict"
    if image.header["descrip"].item() == PHANTOM_MARK.encode():
        meta["phantom"] = True
    return ClipStream(tuple(shape[:2]), shape[2], affine, meta, partial(_frames, path, stored))


def _frames(path: Path, stored: tuple) -> Iterator[np.ndarray]:
    """Yield frames in file order; they are contiguous even with axes of length one between them."""
    try:
        with ImageOpener(path) as file:
            pixels = ArrayProxy(file, stored, mmap=False)
            for index in range(pixels.shape[2]):
                frame = pixels[..., index]
                yield np.array(frame, dtype=frame.dtype.newbyteorder("="))
            if file.read(1):  # at its end gzip compares the checksum
                raise OSError("it holds more pixels than its header states")
    except DAMAGE as error:
        raise _damaged(path, error) from error


def _affine(image: nibabel.Nifti1Image, millimeters: float) -> np.ndarray:
    """Return an affine that can be inverted, in millimeters in-plane; its last axis is time, along the plane's normal.

    If a column in-plane is missing, so is the spacing: the affine is then that of a picture without one.
    """
    affine, zooms = np.array(image.affine, dtype=float), image.header.get_zooms()
    affine[:3, [0, 1, 3]] *= millimeters
    step = zooms[3] if len(zooms) > 3 and image.shape[2] == 1 else np.linalg.norm(affine[:3, 2])
    step = float(step) if np.isfinite(step) and step > 0 else 1.0
    lateral, depth = affine[:3, :2].T
    normal = np.cross(lateral, depth)
    if not np.isfinite(affine).all() or not normal.any():
        return picture_affine((1, 1), step)
    side = np.sign(normal @ affine[:3, 2]) or 1
    affine[:3, 2] = side * step * normal / np.linalg.norm(normal)
    return affine


def _forms_agree(image: nibabel.Nifti1Image) -> bool:
    """Whether the affine and ``pixdim`` state one spacing; a ``pixdim`` of 1 x 1 states none."""
    stated, used = np.abs(image.header.get_zooms()[:2]), np.linalg.norm(image.affine[:3, :2], axis=0)
    return bool((stated == 1).all() or np.allclose(stated, used, rtol=TOLERANCE, atol=0))


def _units(path: Path, image: nibabel.Nifti1Image) -> tuple[str, str]:
    """Return the names of the units of length and time."""
    try:
        return image.header.get_xyzt_units()
    except KeyError as error:
        raise ClipReadError(f"{path} states a unit that NIfTI does not have; copy it again from its source.") from error


def _frame_time(image: nibabel.Nifti1Image, unit: str) -> ClipMeta:
    """Return the frame time if time has its own axis, ``(H, W, 1, T)``, and the header states its unit."""
    zooms = image.header.get_zooms()
    timed = len(zooms) == 4 and image.shape[3] > 1
    return frame_time_meta(float(zooms[3]) * MILLISECONDS.get(unit, 0) if timed else 0, "NIfTI")


def _check_header(path: Path) -> None:
    """Refuse a header followed by huge extensions, which could decompress to gigabytes, and a wrong file name."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    if packed != (path.suffix.lower() == ".gz"):
        raise OSError(f"it is {'' if packed else 'not '}compressed, which its name must say: .nii{'.gz' * packed}")
    with ImageOpener(path) as file:
        content = file.read(nibabel.Nifti2Header.sizeof_hdr)
    for kind in (nibabel.Nifti1Header, nibabel.Nifti2Header):
        if kind.may_contain_header(content[: kind.sizeof_hdr]):
            offset = float(kind(content[: kind.sizeof_hdr], check=False)["vox_offset"])
            if not offset <= HEADER_LIMIT:
                raise OSError(f"its pixels begin at byte {offset:.0f}, expected at most {HEADER_LIMIT}")


def _check_bytes(path: Path, image) -> None:
    """Compare the claimed size with the file's size before allocating memory: a tiny header can claim terabytes."""
    claimed = math.prod(int(length) for length in image.shape) * image.get_data_dtype().itemsize
    packed = path.suffix.lower() == ".gz"
    held = path.stat().st_size * DEFLATE_LIMIT if packed else path.stat().st_size - image.dataobj.offset
    if claimed > held:
        raise OSError(f"its header claims {claimed} bytes, the file holds {'at most ' * packed}{max(held, 0)}")


def _damaged(path: Path, error: Exception) -> ClipReadError:
    return ClipReadError(f"{path} cannot be read as NIfTI ({error}); copy it again from its source.")
