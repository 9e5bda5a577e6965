"""Which DICOM images are ultrasound pictures: any other gray clip would be measured as if it showed a heart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gdkvm_monai.data.clip import ClipReadError

__all__ = ["check_image_class", "is_secondary_capture"]

STORAGE = "1.2.840.10008.5.1.4.1.1."
ULTRASOUND = tuple(STORAGE + end for end in ("3.1", "6.1", "3", "6"))
"""SOP classes of ultrasound images of several frames and of one; the last two are retired."""
MODALITIES = ("US", "EC", "CD", "DD", "OT", "")
"""Modalities of ultrasound, those that are retired, and that of converters which know no other."""
SECONDARY_CAPTURE = tuple(STORAGE + end for end in ("7", "7.1", "7.2", "7.3", "7.4"))


def check_image_class(path: Path, header: Any) -> None:
    """Refuse images of another modality, and volumes, segmentations, and dose grids.

    Args:
        path: DICOM file, for the error message.
        header: pydicom data set.

    Raises:
        ClipReadError: if the image is neither ultrasound nor a secondary capture of it, or its modality or its file
            meta header says otherwise.
    """
    uid, modality = header.get("SOPClassUID"), str(header.get("Modality") or "").strip().upper()
    if uid not in ULTRASOUND and not (uid in SECONDARY_CAPTURE and modality == "US"):
        raise ClipReadError(f"{path} is {_described(header)}, expected an ultrasound clip; choose an echo.")
    if modality not in MODALITIES:
        raise ClipReadError(
            f"{path} is of the class {uid.name}, but states another modality than ultrasound; choose an echo, or "
            "export it again."
        )
    meta_uid = _meta_uid(header)
    if meta_uid not in (None, *ULTRASOUND, *SECONDARY_CAPTURE):
        raise ClipReadError(
            f"{path} is {_class(meta_uid)} in its file meta header, but of the class {uid.name} in its data set; "
            "export it again."
        )


def is_secondary_capture(header: Any) -> bool:
    """Return whether an image was captured from a screen or converted, so that its numbers may be those of a copy."""
    return header.get("SOPClassUID") in SECONDARY_CAPTURE or _meta_uid(header) in SECONDARY_CAPTURE


def _meta_uid(header: Any) -> Any:
    return header.file_meta.get("MediaStorageSOPClassUID") or None


def _described(header: Any) -> str:
    described = _class(header.get("SOPClassUID"))
    return f"{described} and of another modality" if header.get("SOPClassUID") in SECONDARY_CAPTURE else described


def _class(uid: Any) -> str:
    """Name a class; one that DICOM does not define is not quoted, because it may be any text."""
    from pydicom.uid import UID

    uid = UID(str(uid or ""))
    name = uid.name if uid.name != str(uid) else ""
    return f"of the class {name}" if name else "an image of an unknown class"
