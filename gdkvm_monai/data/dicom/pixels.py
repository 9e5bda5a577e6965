"""Gray frames of a DICOM file, decoded one by one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from gdkvm_monai.data.clip import INSTALL, ClipReadError, luma
from gdkvm_monai.data.dicom.codestream import DamagedFrameError, check_codestream
from gdkvm_monai.data.dicom.lossless_jpeg import decode_lossless_jpeg
from gdkvm_monai.data.dicom.palette import apply_palette
from gdkvm_monai.data.dicom.pixel_data import codestreams
from gdkvm_monai.data.dicom.stored_bits import extract_stored_bits, whole_words

__all__ = ["decode_frames"]

JPEG_12_BIT, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.51", ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
NEUTRAL = 8  # largest median distance of the chrominance of gray pictures from 128
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
                    decoded = _to_gray(next(frames), header, path)
            except StopIteration:
                return
            except (ClipReadError, DamagedFrameError):
                raise
            except Exception as error:  # on damage, decoders raise almost anything, and may quote the header
                raise DamagedFrameError("") from error
            yield decoded


def _iterate(path: Path, header: Any, count: int) -> Iterator[np.ndarray]:
    """Yield frames ``(rows, columns)`` or ``(rows, columns, 3)``, YBR as RGB."""
    from pydicom.pixels import get_decoder, iter_pixels

    syntax = header.file_meta.TransferSyntaxUID
    if syntax in JPEG_LOSSLESS or (syntax == JPEG_12_BIT and header.BitsStored > 8):
        yield from decode_lossless_jpeg(_checked(path, header, count), header)
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
    elif syntax.is_compressed:
        yield from _decompress(_checked(path, header, count), header)
    else:
        yield from iter_pixels(path, **whole_words(header))


def _decompress(codestreams: Iterable[bytes], header: Any) -> Iterator[np.ndarray]:
    from pydicom.encaps import encapsulate
    from pydicom.pixels import as_pixel_options, get_decoder

    syntax = header.file_meta.TransferSyntaxUID
    decoder, options = get_decoder(syntax), {**as_pixel_options(header), "number_of_frames": 1}
    if "JPEG" in syntax.name and options["samples_per_pixel"] == 3:
        # the order of samples is that of the codestream, whatever the header says (DICOM PS3.5, 8.2)
        options["planar_configuration"] = 0
    for codestream in codestreams:
        yield decoder.as_array(encapsulate([codestream], has_bot=False), index=0, **options)[0]


def _checked(path: Path, header: Any, count: int) -> Iterator[bytes]:
    for codestream in codestreams(path, header, count):
        check_codestream(codestream, header)
        yield codestream


def _to_gray(frame: np.ndarray, header: Any, path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the gray frame and the RGB frame it was converted from, if any."""
    photometric = header.PhotometricInterpretation
    if photometric == "PALETTE COLOR" and frame.ndim == 2:
        frame = apply_palette(frame, header)
    if frame.ndim == 3:
        frame = _true_rgb(frame) if photometric == "RGB" else frame
        return luma(frame), frame
    frame = extract_stored_bits(frame, header, path)
    if photometric == "MONOCHROME1":  # 0 is white
        low = -(1 << header.BitsStored - 1) if header.PixelRepresentation else 0
        frame = (2 * low + (1 << header.BitsStored) - 1 - frame.astype(np.int32)).astype(frame.dtype)
    return frame, None


def _true_rgb(frame: np.ndarray) -> np.ndarray:
    """Return RGB for samples that are called RGB; YCbCr shows in the second and third, which are near 128 in gray."""
    from pydicom.pixels import convert_color_space

    luminance, *chrominance = (np.median(np.abs(frame[..., sample].astype(np.int16) - 128)) for sample in range(3))
    is_ycbcr = frame.dtype == np.uint8 and max(chrominance) <= NEUTRAL < luminance
    return convert_color_space(frame, "YBR_FULL", "RGB", per_frame=True) if is_ycbcr else frame
