"""Write phantom clips in every supported clip format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import NamedTuple

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.data.phantom.clip import PhantomClip
from gdkvm_monai.data.phantom.clip_writers import write_metaimage, write_nifti, write_npy, write_png, write_video
from gdkvm_monai.data.phantom.dicom_writer import write_dicom
from gdkvm_monai.folders import atomic_folder

__all__ = ["FORMATS", "check_packages", "write_clip"]


class ClipFormat(NamedTuple):
    """How to write a format.

    Attributes:
        suffix: ending of its file names; empty for a folder.
        write: called with the path, the clip, and the options of the format.
        package: optional package that writing requires.
        extra: the pip extra that installs it.
    """

    suffix: str
    write: Callable[..., None]
    package: str = "numpy"
    extra: str = ""


def write_clip(path: str | os.PathLike, clip: PhantomClip, format: str, overwrite: bool = False, **options) -> None:
    """Write a clip atomically.

    Args:
        path: file to write, with the suffix of its format; for "png" a folder. Missing parent folders are created.
        clip: clip to write.
        format: a key of ``FORMATS``. "nifti" also writes the label as ``<name>_label.nii.gz``, "mhd" a ``.raw`` file.
        overwrite: whether to replace an existing file or folder.
        options: of :func:`~gdkvm_monai.data.phantom.dicom_writer.write_dicom` for "dicom"; none for the others.

    Raises:
        FileExistsError: if the file exists and ``overwrite`` is false.
        ImportError: if a package is missing.
        ValueError: if the format is unknown or the path has another suffix.
    """
    check_packages([format])
    if not os.fspath(path).endswith(FORMATS[format].suffix):
        raise ValueError(f"{path} must end in {FORMATS[format].suffix} to be of format {format}; change its name.")
    with atomic_folder(path, overwrite) as temporary:
        FORMATS[format].write(temporary, clip, **options)


def check_packages(formats: Iterable[str]) -> None:
    """Check that formats are known and that the packages to write them are installed.

    Raises:
        ImportError: if a package is missing; the message names the command that installs it.
        ValueError: if a format is unknown.
    """
    for name in formats:
        if name not in FORMATS:
            raise ValueError(f"format = {name!r} is unknown; choose one of {', '.join(FORMATS)}.")
        try:
            import_module(FORMATS[name].package)
        except ImportError as error:
            label, install = PACKAGES[FORMATS[name].package], INSTALL.format(FORMATS[name].extra)
            raise ImportError(f"format {name} needs {label} to be written; install it: {install}.") from error


PACKAGES = {"pydicom": "pydicom", "av": "PyAV"}

FORMATS = {
    "dicom": ClipFormat(".dcm", write_dicom, "pydicom", "dicom"),
    "avi": ClipFormat(".avi", partial(write_video, codec="mjpeg", pixel_format="yuvj420p"), "av", "video"),
    "mp4": ClipFormat(".mp4", partial(write_video, codec="mpeg4", pixel_format="yuv420p"), "av", "video"),
    "nifti": ClipFormat(".nii.gz", write_nifti),
    "mhd": ClipFormat(".mhd", write_metaimage),
    "npy": ClipFormat(".npy", write_npy),
    "png": ClipFormat("", write_png),
}
"""All formats of single clips, by name."""
