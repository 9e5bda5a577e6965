"""NIfTI and MetaImage clips: MONAI's own readers take the time axis for channels or depth."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK
from nibabel.arrayproxy import ArrayProxy
from nibabel.openers import ImageOpener

from gdkvm_monai.data.clip import ClipReadError, ClipStream, ReadOptions, check_size
from gdkvm_monai.data.dicom.frame_times import plausible

__all__ = ["open_metaimage", "open_nifti"]

DEFLATE_LIMIT = 1032  # no gzip stream holds more bytes than this for each of its own
HEADER_LIMIT = 1 << 24  # bytes before the pixels; nibabel takes a header's extensions into memory
DAMAGE = (EOFError, OSError, ValueError, zlib.error, nibabel.filebasedimages.ImageFileError)
DAMAGE += (nibabel.spatialimages.HeaderDataError,)


def open_nifti(path: Path, options: ReadOptions) -> ClipStream:
    """Stream ``(H, W, T)``, ``(H, W, 1, T)``, ``(H, W, T, 1)`` or one frame ``(H, W)``; values are scaled as it says.

    A ``.nii.gz`` is inflated once, forward; its checksum is compared behind the last frame.
    """
    # nibabel, not SimpleITK: SimpleITK fills a truncated file with zeros
    try:
        _check_header(path)
        image = nibabel.load(path)
        _check_bytes(path, image)
    except DAMAGE as error:
        raise _damaged_nifti(path, error) from error
    shape, dtype = list(image.shape), image.get_data_dtype()
    if len(shape) == 4 and 1 in shape[2:]:  # (H, W, 1, T) and (H, W, T, 1); a fifth axis is color
        shape.pop(2 + shape[2:].index(1))
    if len(shape) == 2:
        shape.append(1)
    if len(shape) != 3 or dtype.names:  # NIfTI has color as a compound type, too
        raise ClipReadError(
            f"{path} has shape {image.shape} and type {dtype}, "
            "expected a gray clip (H, W, T), (H, W, 1, T) or a frame (H, W)."
        )
    check_size(path, shape, options.max_voxels)
    affine, zooms = np.array(image.affine, dtype=float), image.header.get_zooms()
    if len(zooms) > 3 and image.shape[2] == 1:  # time is the fourth axis of the file and the third of the clip
        affine[:3, 2] *= (zooms[3] or 1) / zooms[2]  # along the normal, so that the affine of any plane can be inverted
    stored = (tuple(shape), dtype, image.dataobj.offset, image.dataobj.slope, image.dataobj.inter)
    meta = {**_meta(affine), **_frame_time(image)}
    return ClipStream(tuple(shape[:2]), shape[2], affine, meta, partial(_nifti_frames, path, stored))


def open_metaimage(path: Path, options: ReadOptions) -> ClipStream:
    """Stream a ``.mhd`` or ``.mha`` clip ``(H, W, T)`` or frame ``(H, W)``; a compressed one is loaded as a whole."""
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise _damaged_metaimage(path) from error
    size, components = reader.GetSize(), reader.GetNumberOfComponents()
    check_size(path, size, options.max_voxels)
    if len(size) not in (2, 3) or components != 1:
        shape = (components, *size) if components > 1 else size
        raise ClipReadError(f"{path} has shape {shape}, expected a gray clip (H, W, T) or a frame (H, W).")
    spacing, origin = (*reader.GetSpacing(), 1.0)[:3], (*reader.GetOrigin(), 0.0)[:3]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    affine[:2] *= -1  # ITK's axes point left and posterior, a NIfTI affine's right and anterior
    count = size[2] if len(size) == 3 else 1
    return ClipStream(size[:2], count, affine, _meta(affine), partial(_metaimage_frames, path, reader, count))


def _nifti_frames(path: Path, stored: tuple) -> Iterator[np.ndarray]:
    """Frames in the order of the file, where each follows the other whatever axes of length one stand between."""
    try:
        with ImageOpener(path) as file:
            pixels = ArrayProxy(file, stored, mmap=False)
            for index in range(pixels.shape[2]):
                frame = pixels[..., index]
                yield np.array(frame, dtype=frame.dtype.newbyteorder("="))
            file.read(1)  # at its end gzip compares the checksum
    except DAMAGE as error:
        raise _damaged_nifti(path, error) from error


def _frame_time(image: nibabel.Nifti1Image) -> dict:
    """Time between frames, where time is an axis of its own, ``(H, W, 1, T)``, and its unit is stated."""
    zooms, unit = image.header.get_zooms(), image.header.get_xyzt_units()[1]
    frame_time_ms = float(zooms[3]) * {"sec": 1000, "msec": 1, "usec": 0.001}.get(unit, 0) if len(zooms) == 4 else 0
    return {"frame_time_ms": frame_time_ms, "frame_time_source": "NIfTI"} if plausible(frame_time_ms) else {}


def _metaimage_frames(path: Path, reader: SimpleITK.ImageFileReader, count: int) -> Iterator[np.ndarray]:
    size = reader.GetSize()
    try:
        if len(size) == 2 or _is_compressed(path):
            yield from SimpleITK.GetArrayFromImage(reader.Execute()).reshape(count, size[1], size[0]).transpose(0, 2, 1)
            return
        for index in range(count):
            reader.SetExtractIndex((0, 0, index))
            reader.SetExtractSize((*size[:2], 1))
            yield SimpleITK.GetArrayFromImage(reader.Execute())[0].T  # (z, y, x) -> (x, y)
    except RuntimeError as error:
        raise _damaged_metaimage(path) from error


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.read(1 << 16).partition(b"ElementDataFile")[0]
    return any(line.split() == [b"CompressedData", b"=", b"True"] for line in header.splitlines())


def _check_header(path: Path) -> None:
    """Extensions between a header and its pixels can inflate to gigabytes."""
    with ImageOpener(path) as file:
        content = file.read(nibabel.Nifti2Header.sizeof_hdr)
    for kind in (nibabel.Nifti1Header, nibabel.Nifti2Header):
        if kind.may_contain_header(content[: kind.sizeof_hdr]):
            offset = float(kind(content[: kind.sizeof_hdr], check=False)["vox_offset"])
            if not offset <= HEADER_LIMIT:
                raise OSError(f"its pixels begin at byte {offset:.0f}, expected at most {HEADER_LIMIT}")


def _check_bytes(path: Path, image) -> None:
    """A header of a kilobyte can claim terabytes: compare with the file's size before memory is asked for."""
    claimed = math.prod(int(length) for length in image.shape) * image.get_data_dtype().itemsize
    packed = path.suffix.lower() == ".gz"
    held = path.stat().st_size * DEFLATE_LIMIT if packed else path.stat().st_size - image.dataobj.offset
    if claimed > held:
        raise OSError(f"its header claims {claimed} bytes, the file holds {'at most ' * packed}{max(held, 0)}")


def _damaged_nifti(path: Path, error: Exception) -> ClipReadError:
    return ClipReadError(f"{path} cannot be read as NIfTI ({error}); copy it again from its source.")


def _damaged_metaimage(path: Path) -> ClipReadError:
    return ClipReadError(f"{path} cannot be read as MetaImage; is its .raw file complete and beside it?")


def _meta(affine: np.ndarray) -> dict:
    spacing_mm = np.linalg.norm(affine[:3, :2], axis=0)
    known = np.isfinite(spacing_mm).all() and (spacing_mm > 0).all() and not (spacing_mm == 1).all()
    return {"spacing_trust": "ok" if known else "absent", "partial": False}  # 1 x 1 is what is written for want of one
