"""Gray frames of a DICOM file, decoded one by one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from gdkvm_monai.data.clip import INSTALL, ClipReadError, luma

__all__ = ["decode_frames"]

JPEG_12_BIT, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.51", ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
DECODERS = {"JPEG-LS": "pyjpegls", "JPEG 2000": "pylibjpeg-openjpeg"}


def decode_frames(path: Path, header: Any, count: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Decode frames up to the first damaged one.

    Args:
        path: DICOM file.
        header: pydicom data set of the file without pixels.
        count: number of frames in the header.

    Yields:
        Gray ``(rows, columns)``, and the RGB ``(rows, columns, 3)`` it was converted from, if any.

    Raises:
        ClipReadError: if no decoder is installed.
    """
    with closing(_iterate(path, header, count)) as frames:
        while True:
            try:
                with warnings.catch_warnings():  # not around yield: the filters are the caller's, too
                    warnings.simplefilter("ignore")
                    decoded = _to_gray(next(frames), header)
            except ClipReadError:
                raise
            except Exception:  # the end, or damage, on which decoders raise almost anything; the caller counts
                return
            yield decoded


def _iterate(path: Path, header: Any, count: int) -> Iterator[np.ndarray]:
    """Yield frames ``(rows, columns)`` or ``(rows, columns, 3)``, YBR as RGB."""
    from pydicom.pixels import get_decoder, iter_pixels

    syntax = header.file_meta.TransferSyntaxUID
    if syntax in JPEG_LOSSLESS or (syntax == JPEG_12_BIT and header.BitsStored > 8):
        # pydicom's decoder for these is under the GPL
        yield from np.reshape(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))), _itk_shape(header))
        return
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError as error:
        raise ClipReadError(f"{path} is compressed by {syntax.name}; export it uncompressed or as JPEG.") from error
    if not available:
        package = next((package for name, package in DECODERS.items() if name in syntax.name), "a decoder")
        raise ClipReadError(
            f"{path} is compressed by {syntax.name} and needs {package}; install it: {INSTALL.format('dicom')}."
        )
    if header.PhotometricInterpretation == "YBR_FULL_422" and not syntax.is_compressed:
        for index in range(count):  # pydicom 3.0.2 forgets the subsampling after a frame
            yield from iter_pixels(path, indices=[index])
    else:
        yield from iter_pixels(path)


def _itk_shape(header: Any) -> tuple[int, ...]:
    color = header.get("SamplesPerPixel") == 3 or header.PhotometricInterpretation == "PALETTE COLOR"
    return (-1, header.Rows, header.Columns, 3) if color else (-1, header.Rows, header.Columns)


def _to_gray(frame: np.ndarray, header: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the gray frame and the RGB frame it was converted from, if any."""
    photometric = header.PhotometricInterpretation
    if photometric == "PALETTE COLOR" and frame.ndim == 2:
        from pydicom.pixels import apply_color_lut

        frame = apply_color_lut(frame, header)
        if header.RedPaletteColorLookupTableDescriptor[2] > 8:
            frame = (frame >> 8).astype(np.uint8)
    if frame.ndim == 3:
        return luma(frame), frame
    if photometric == "MONOCHROME1":  # 0 is white
        low = -(1 << header.BitsStored - 1) if header.PixelRepresentation else 0
        frame = (2 * low + (1 << header.BitsStored) - 1 - frame.astype(np.int32)).astype(frame.dtype)
    return frame, None
