"""Phantom clips in the formats that clips are kept in, with their true volumes and phases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from gdkvm_monai.data.clip import INSTALL
from gdkvm_monai.data.phantom.clip import PhantomClip, render_phantom_clip
from gdkvm_monai.data.phantom.clip_writers import write_metaimage, write_nifti, write_npy, write_png, write_video
from gdkvm_monai.data.phantom.dicom_writer import write_dicom
from gdkvm_monai.data.phantom.echo import EchoPhantom
from gdkvm_monai.files import atomic_folder

__all__ = ["FORMATS", "check_packages", "write_clip", "write_phantom_clip"]


class ClipFormat(NamedTuple):
    """How a format is written.

    Attributes:
        suffix: how its file names end; empty for a folder.
        write: gets the path, the clip and the format's own options.
        package: what must be there to write it, beyond what the package itself needs.
        extra: the pip extra that installs it.
    """

    suffix: str
    write: Callable[..., None]
    package: str = "numpy"
    extra: str = ""


def write_clip(path: str | os.PathLike, clip: PhantomClip, format: str, overwrite: bool = False, **options) -> None:
    """Write a clip; its file is either whole or absent.

    Args:
        path: file to write, with the suffix of its format; for "png" a folder. Folders above it are created.
        clip: what to write.
        format: a key of ``FORMATS``. "nifti" also writes the label as ``<name>_label.nii.gz``, "mhd" a ``.raw`` file.
        overwrite: whether to replace what is there.
        options: of :func:`~gdkvm_monai.data.phantom.dicom_writer.write_dicom` for "dicom"; none for the others.

    Raises:
        FileExistsError: if the file exists and must not be replaced.
        ImportError: if a package is missing.
        ValueError: if the format is unknown or its suffix is another one.
    """
    _check_target(Path(path), format, overwrite)
    with atomic_folder(path, overwrite) as temporary:
        FORMATS[format].write(temporary, clip, **options)


def write_phantom_clip(
    path: str | os.PathLike,
    seed: int | Sequence[int],
    view: str = "4CH",
    format: str = "dicom",
    beats: float = 2,
    frame_rate_hz: float = 50,
    size: tuple[int, int] = (256, 256),
    quality: str = "medium",
    overwrite: bool = False,
    **options,
) -> PhantomClip:
    """Render a clip of one patient and write it.

    Args:
        path: as in :func:`write_clip`, also ``format``, ``overwrite`` and ``options``.
        seed: as in :class:`~gdkvm_monai.data.phantom.echo.EchoPhantom`, also ``quality``.
        view: as in :func:`render_phantom_clip`, also ``beats``, ``frame_rate_hz`` and ``size``.
        format: as there.
        beats: as there.
        frame_rate_hz: as there.
        size: as there.
        quality: as there.
        overwrite: as there.
        options: as there.

    Returns:
        The clip, whose :meth:`~PhantomClip.truth` tells volumes and phases.

    Raises:
        FileExistsError, ImportError, ValueError: as there.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/clip.npy"
        >>> clip = write_phantom_clip(path, 0, "2CH", "npy", beats=1, frame_rate_hz=5, size=(32, 32))
        >>> clip.image.shape
        (32, 32, 6)
    """
    _check_target(Path(path), format, overwrite)  # before the time that rendering takes
    clip = render_phantom_clip(EchoPhantom(seed, quality), view, beats, frame_rate_hz, size)
    write_clip(path, clip, format, overwrite, **options)
    return clip


def check_packages(formats: Iterable[str]) -> None:
    """Check that formats are known and can be written here.

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


def _check_target(path: Path, format: str, overwrite: bool) -> None:
    check_packages([format])
    if not path.name.endswith(FORMATS[format].suffix):
        raise ValueError(f"{path} must end in {FORMATS[format].suffix} to be of format {format}; change its name.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another path, or allow it to be overwritten.")


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
"""Every format of a single clip by its name."""
