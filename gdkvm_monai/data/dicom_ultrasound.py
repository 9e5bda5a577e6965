"""Multi-frame ultrasound DICOM: MONAI's readers swap its axes and know nothing of its regions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from .clip import INSTALL, Clip, ClipReadError, ReadOptions, check_size, luma, picture_affine, scale_to_8_bit
from .frame_times import frame_times
from .ultrasound_regions import Regions, read_regions

__all__ = ["is_dicom", "read_dicom"]

MULTI_FRAME = ("1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.3")  # the second is retired
JPEG_12_BIT, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.51", ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
DECODERS = {"JPEG-LS": "pyjpegls", "JPEG 2000": "pylibjpeg-openjpeg"}
COLORED, GRAY = 0.02, 0.01  # parts of the tissue region's pixels from which color is Doppler and not a tint
# only these are read: no attribute of a patient can reach metadata, a message or a warning
TAGS = (
    *("SOPClassUID", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "PixelRepresentation", "PixelSpacing", "UltrasoundColorDataPresent"),
    *("SequenceOfUltrasoundRegions", "FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate"),
    *(f"{color}PaletteColorLookupTableDescriptor" for color in ("Red", "Green", "Blue")),
    *(f"{kind}{color}PaletteColorLookupTableData" for color in ("Red", "Green", "Blue") for kind in ("", "Segmented")),
)


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does, whatever its name."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def read_dicom(path: Path, options: ReadOptions) -> Clip:
    """Read an ultrasound clip frame by frame as 8-bit gray, upright: lateral, depth, time.

    RGB, YBR and palettes become RGB and then :func:`~gdkvm_monai.data.clip.luma`; MONOCHROME1 is inverted; more than
    8 bits are scaled over the whole clip. Besides :class:`Clip`'s own, the metadata hold ``mode`` and
    ``frame_time_source``. The affine holds millimeters for ``spacing_trust`` ``ok`` only, otherwise 1.

    Raises:
        ClipReadError: when the file is damaged, is no picture, lacks a decoder or frames, or shows Doppler or M-mode.
    """
    header = _read_header(path)
    count = _count_frames(path, header)
    check_size(path, (header.get("Columns") or 0, header.get("Rows") or 0, count), options.max_voxels)
    regions = read_regions(header)
    _refuse_mode(path, regions.mode, options)
    crop = options.crop and regions.box is not None and regions.spacing_trust != "scaled"  # its place is wrong, too
    frames, colored = _decode(path, header, regions, count, crop)
    if colored:
        regions = regions._replace(mode="color Doppler")
        _refuse_mode(path, regions.mode, options)
    if len(frames) != count and not (frames and options.allow_partial):
        raise ClipReadError(
            f"{path} states {count} frames but {len(frames) if len(frames) < count else 'more'} can be decoded; copy "
            f"it again from its source{', or set allow_partial' if frames else ''}."
        )
    pixels = np.stack(frames[:count], axis=-1)
    meta = {"spacing_trust": regions.spacing_trust, "partial": len(frames) != count, "mode": regions.mode}
    if pixels.dtype != np.uint8:
        pixels, window = scale_to_8_bit(pixels)
        meta.update(window)
    meta.update(frame_times(header, count, pixels.shape[-1]))
    corner = regions.box[:2] if crop else (0, 0)
    frame_time_s = meta.get("frame_time_ms", 1000) / 1000
    return Clip(pixels, picture_affine(regions.spacing_mm or (1, 1), frame_time_s, corner), meta)


def _read_header(path: Path) -> Any:
    try:
        import pydicom
    except ImportError as error:
        raise ClipReadError(f"{path} needs pydicom to be read; install it: {INSTALL.format('dicom')}.") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote what stands in the header
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
            header.walk(lambda data, element: element.value)  # convert all values now, where an error is caught
            if not header.file_meta.TransferSyntaxUID:
                raise ValueError("no TransferSyntaxUID")
    except Exception as error:  # a damaged header raises almost anything
        raise ClipReadError(f"{path} cannot be read as DICOM; copy it again from its source.") from error
    return header


def _count_frames(path: Path, header: Any) -> int:
    """Frames that the header states; a file of a still may leave them out."""
    stated = header.get("NumberOfFrames")
    if stated is not None:
        return int(stated)
    frame_bytes = (header.get("Rows") or 0) * (header.get("Columns") or 0) * (header.get("SamplesPerPixel") or 1)
    several = not header.file_meta.TransferSyntaxUID.is_compressed and path.stat().st_size >= 2 * frame_bytes > 0
    if header.get("SOPClassUID") in MULTI_FRAME or (several and header.get("BitsAllocated") == 8):
        raise ClipReadError(f"{path} does not state NumberOfFrames, as a clip must; export it again.")
    return 1


def _refuse_mode(path: Path, mode: str, options: ReadOptions) -> None:
    if mode not in ("B-mode", "unknown") and not options.force:
        raise ClipReadError(f"{path} shows {mode}, expected B-mode; give another clip, or set force.")


def _decode(path: Path, header: Any, regions: Regions, count: int, crop: bool) -> tuple[list[np.ndarray], bool]:
    """Gray frames, lateral first, up to the first that is damaged; and whether a frame shows color Doppler."""
    frames, colored = [], False
    x0, y0, x1, y1 = regions.box or (0, 0, header.Columns, header.Rows)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for frame in islice(_iterate(path, header), count + 1):
                gray, color = _to_gray(frame, header)
                colored |= color is not None and _is_doppler(color[y0:y1:2, x0:x1:2])
                frames.append((gray[y0:y1, x0:x1] if crop else gray).T)
    except ClipReadError:
        raise
    except Exception:  # decoders raise almost anything on damaged data; the caller compares the count
        pass
    return frames, colored


def _iterate(path: Path, header: Any) -> Iterator[np.ndarray]:
    """Frames ``(rows, columns)`` or ``(rows, columns, 3)``, YBR as RGB."""
    from pydicom.pixels import get_decoder, iter_pixels

    syntax = header.file_meta.TransferSyntaxUID
    if syntax in JPEG_LOSSLESS or (syntax == JPEG_12_BIT and header.BitsStored > 8):
        # the decoder that pydicom knows for these is under the GPL
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
        for index in range(_count_frames(path, header)):  # pydicom 3.0.2 forgets the subsampling after a frame
            yield from iter_pixels(path, indices=[index])
    else:
        yield from iter_pixels(path)


def _itk_shape(header: Any) -> tuple[int, ...]:
    color = header.get("SamplesPerPixel") == 3 or header.PhotometricInterpretation == "PALETTE COLOR"
    return (-1, header.Rows, header.Columns, 3) if color else (-1, header.Rows, header.Columns)


def _to_gray(frame: np.ndarray, header: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Gray, and the colors that it was made of."""
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


def _is_doppler(rgb: np.ndarray) -> bool:
    """Whether some pixels are colored while others are gray; where all are colored the picture has a tint."""
    brightest = rgb.max(axis=-1)
    saturation = brightest - rgb.min(axis=-1)
    return bool((saturation > 80).mean() > COLORED and ((brightest > 60) & (saturation < 24)).mean() > GRAY)
