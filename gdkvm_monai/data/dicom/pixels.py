"""Gray frames of a DICOM file, decoded one by one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import INSTALL, ClipReadError, luma
from gdkvm_monai.data.dicom.codestream import DamagedFrameError, check_codestream, rle_size
from gdkvm_monai.data.dicom.color_samples import check_sample_order, samples_to_rgb
from gdkvm_monai.data.dicom.encoding import check_compression
from gdkvm_monai.data.dicom.lossless_jpeg import decode_lossless_jpeg
from gdkvm_monai.data.dicom.palette import apply_palette
from gdkvm_monai.data.dicom.pixel_data import codestreams
from gdkvm_monai.data.dicom.stored_bits import check_sign, extract_stored_bits, whole_words

__all__ = ["decode_frames"]

JPEG_12_BIT, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.51", ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
DECODERS = {"JPEG-LS": "pyjpegls", "JPEG 2000": "pylibjpeg-openjpeg"}


def decode_frames(path: Path, header: Any, count: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Decode frames up to the end or the first damaged one.

    Args:
        path: DICOM file.
        header: pydicom data set of the file without pixels.
        count: number of frames in the header.

    Yields:
        Gray ``(rows, columns)``, and the RGB ``(rows, columns, 3)`` it was converted from, if any.

    Raises:
        ClipReadError: if no decoder is installed.
        DamagedFrameError: if a frame is damaged.
    """
    with closing(_iterate(path, header, count)) as frames:
        while True:
            try:
                with warnings.catch_warnings():  # not around yield: the filters are the caller's, too
                    warnings.simplefilter("ignore")
                    warnings.filterwarnings("error", ".*non-conformant padding")  # of RLE: other columns, sheared
                    decoded = _to_gray(*next(frames), header, path)
            except StopIteration:
                return
            except (ClipReadError, DamagedFrameError):
                raise
            except Exception as error:  # on damage, decoders raise almost anything, and may quote the header
                raise DamagedFrameError("") from error
            yield decoded


def _iterate(path: Path, header: Any, count: int) -> Iterator[tuple[np.ndarray, str]]:
    """Yield frames ``(rows, columns)`` or ``(rows, columns, 3)`` as they are stored, and their color space."""
    from pydicom.pixels import get_decoder, iter_pixels

    syntax, space = header.file_meta.TransferSyntaxUID, header.PhotometricInterpretation
    if syntax in JPEG_LOSSLESS or (syntax == JPEG_12_BIT and header.BitsStored > 8):
        for frame in decode_lossless_jpeg(_checked(path, header, count), header):
            yield frame, space
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
    if syntax.is_compressed:
        yield from _decompress(_checked(path, header, count), header)
        return
    if space == "YBR_FULL_422":
        for index in range(count):  # pydicom 3.0.2 forgets the subsampling after a frame; there is one order of samples
            yield from (
                (frame, space) for frame in iter_pixels(path, indices=[index], raw=True, planar_configuration=0)
            )
        return
    for frame in iter_pixels(path, raw=True, **whole_words(header)):
        if frame.ndim == 3:
            check_sample_order(frame, header, path)
        yield frame, space


def _decompress(codestreams: Iterable[bytes], header: Any) -> Iterator[tuple[np.ndarray, str]]:
    from pydicom.encaps import encapsulate
    from pydicom.pixels import as_pixel_options, get_decoder

    syntax = header.file_meta.TransferSyntaxUID
    decoder, options = get_decoder(syntax), {**as_pixel_options(header), **whole_words(header), "number_of_frames": 1}
    if "JPEG" in syntax.name and options["samples_per_pixel"] == 3:
        # the order of samples is that of the codestream, whatever the header says (DICOM PS3.5, 8.2)
        options["planar_configuration"] = 0
    for codestream in codestreams:
        try:
            frame, found = decoder.as_array(encapsulate([codestream], has_bot=False), index=0, raw=True, **options)
        except Exception as error:
            if not syntax.name.startswith("RLE") or rle_size(codestream) == header.Rows * header.Columns:
                raise
            have = f"it holds {rle_size(codestream)} pixels"
            raise DamagedFrameError(f"{have}, and the header states {header.Rows} x {header.Columns}") from error
        yield frame, found["photometric_interpretation"]


def _checked(path: Path, header: Any, count: int) -> Iterator[bytes]:
    for codestream in codestreams(path, header, count):
        check_compression(path, codestream, header)
        check_codestream(codestream, header)
        yield codestream


def _to_gray(frame: np.ndarray, space: str, header: Any, path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the gray frame and the RGB frame it was converted from, if any."""
    photometric = header.PhotometricInterpretation
    if frame.ndim == 2:
        check_sign(frame, header, path)
        frame = extract_stored_bits(frame, header, path)
    if photometric == "PALETTE COLOR" and frame.ndim == 2:
        frame = apply_palette(frame, header)
    elif frame.ndim == 3:
        frame = samples_to_rgb(frame, space)
    if frame.ndim == 3:
        return luma(frame), frame
    if photometric == "MONOCHROME1":  # 0 is white
        low = -(1 << header.BitsStored - 1) if header.PixelRepresentation else 0
        frame = (2 * low + (1 << header.BitsStored) - 1 - frame.astype(np.int32)).astype(frame.dtype)
    return frame, None
