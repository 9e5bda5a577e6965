"""Lossless and 12-bit JPEG in DICOM, decoded by GDCM: pydicom's own decoder for these is under the GPL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from gdkvm_monai.data.dicom.source import dicom_item

__all__ = ["decode_lossless_jpeg"]

COPIED = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "PixelRepresentation")
FRAME = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture


def decode_lossless_jpeg(codestreams: Iterable[bytes], header: Any) -> Iterator[np.ndarray]:
    """Decode frame by frame from files that hold only the frame and checked numbers: GDCM trusts a header.

    Args:
        codestreams: compressed frames.
        header: pydicom data set.

    Yields:
        ``(rows, columns)`` or ``(rows, columns, 3)``, values as compressed: no inversion, no palette, no conversion.

    Raises:
        RuntimeError: if a frame is damaged.
        ValueError: if a decoded frame has another shape than the header states.
    """
    samples = int(header.get("SamplesPerPixel") or 1)
    shape = (int(header.Rows), int(header.Columns), *([3] if samples == 3 else []))
    with tempfile.TemporaryDirectory(prefix="gdkvm-") as folder:
        path = Path(folder) / "frame.dcm"
        for codestream in codestreams:
            _write(path, codestream, header, samples)
            frame = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
            yield frame.reshape(shape)


def _write(path: Path, codestream: bytes, header: Any, samples: int) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.encaps import encapsulate

    data = dicom_item(**{name: int(header.get(name) or 0) for name in COPIED})
    data.SamplesPerPixel, data.HighBit = samples, data.BitsStored - 1
    data.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"  # as stored
    if samples == 3:
        data.PlanarConfiguration = 0
    data.SOPClassUID, data.SOPInstanceUID = FRAME, "1.2.3"
    data.PixelData = encapsulate([codestream])
    data["PixelData"].VR = "OB"
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = header.file_meta.TransferSyntaxUID
    data.save_as(path, enforce_file_format=True)
