"""Which DICOM images are ultrasound pictures: any other gray clip would be measured as if it showed a heart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["check_image_class", "is_secondary_capture"]

STORAGE = "1.2.840.10008.5.1.4.1.1."
ULTRASOUND = tuple(STORAGE + end for end in ("3.1", "6.1", "3", "6"))
"""SOP classes of ultrasound images of several frames and of one; the last two are retired."""
SECONDARY_CAPTURE = tuple(STORAGE + end for end in ("7", "7.1", "7.2", "7.3", "7.4"))


def check_image_class(path: Path, header: Any) -> None:
    """Refuse images of another modality, and volumes, segmentations, and dose grids.

    Args:
        path: DICOM file, for the error message.
        header: pydicom data set.

    Raises:
        ClipReadError: if the image is neither ultrasound nor a secondary capture of it.
    """
    if header.get("SOPClassUID") in ULTRASOUND:
        return
    if is_secondary_capture(header) and header.get("Modality") == "US":
        return
    raise ClipReadError(f"{path} is {_described(header)}, expected an ultrasound clip; choose an echo.")


def is_secondary_capture(header: Any) -> bool:
    """Return whether an image was captured from a screen or converted, so that its numbers may be those of a copy."""
    return header.get("SOPClassUID") in SECONDARY_CAPTURE


def _described(header: Any) -> str:
    """Name the class of an image; a class that DICOM does not define is not quoted, because it may be any text."""
    from pydicom.uid import UID

    uid = UID(str(header.get("SOPClassUID") or ""))
    name = uid.name if uid.name != str(uid) else ""
    if not name:
        return "an image of an unknown class"
    if is_secondary_capture(header):
        return f"of the class {name} and of another modality"
    return f"of the class {name}"
