"""Ultrasound DICOM files, written and pydicom's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom", reason="pydicom is absent; install it by pip install pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402

NAME = "Planted^Person"
B_MODE = {"RegionSpatialFormat": 1, "RegionDataType": 1}
VECTOR = {"FrameTimeVector": [0, 20, 30, 20, 30]}


def region(box=(4, 6, 43, 35), delta_cm=(0.05, 0.04), units=3, **attributes) -> Dataset:
    """A region with first column, first row, last column and last row; 2-D tissue unless said otherwise."""
    item = Dataset()
    for name, value in {**B_MODE, **attributes}.items():
        setattr(item, name, value)
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta_cm
    return item


def upright(frames: np.ndarray) -> np.ndarray:
    """``(T, rows, columns)`` as ``(H, W, T)``: lateral, depth, time."""
    return frames.transpose(2, 1, 0)


def colored(frames: np.ndarray) -> np.ndarray:
    """RGB frames, faintly tinted."""
    return np.stack([frames, frames // 8 * 7, frames // 8 * 6], axis=-1)


def example(name: str):
    """One of pydicom's own files."""
    try:
        return pydicom.examples.get_path(name)
    except Exception as error:
        pytest.skip(f"pydicom's example is not at hand: {error}")


def save(path: Path, frames: np.ndarray, photometric: str, compress: str | None, attributes: dict) -> None:
    """Write frames ``(T, rows, columns[, 3])`` with attributes changed or (None) left out."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = uid.UltrasoundMultiFrameImageStorage, uid.generate_uid()
    data.PatientName, data.PatientID, data.PatientBirthDate = NAME, "planted-id", "19010203"
    data.NumberOfFrames, data.Rows, data.Columns = frames.shape[:3]
    data.SamplesPerPixel = 3 if frames.ndim == 4 else 1
    data.PhotometricInterpretation = photometric
    data.BitsAllocated = data.BitsStored = 8 * frames.dtype.itemsize
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(frames.dtype.kind == "i")
    if frames.ndim == 4:
        data.PlanarConfiguration = attributes.get("PlanarConfiguration", 0)
        frames = frames.transpose(0, 3, 1, 2) if data.PlanarConfiguration else frames
    pixels = frames.tobytes()
    data.PixelData = pixels + bytes(len(pixels) % 2)
    data["PixelData"].VR = "OW" if frames.dtype.itemsize > 1 else "OB"
    for attribute, value in attributes.items():
        if value is None:
            delattr(data, attribute)
        else:
            setattr(data, attribute, value)
    if compress:
        data.compress(compress, generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)
