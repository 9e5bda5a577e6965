"""Write a phantom clip as NIfTI, MetaImage, PNG frames, array, or video; equal clips give equal files."""

from __future__ import annotations

import gzip
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel
import numpy as np
import SimpleITK
from PIL import Image

from gdkvm_monai.data.clip import PHANTOM_MARK
from gdkvm_monai.data.geometry import picture_affine

if TYPE_CHECKING:
    from gdkvm_monai.data.phantom.clip import PhantomClip

__all__ = ["write_metaimage", "write_nifti", "write_npy", "write_png", "write_video"]


def write_nifti(path: Path, clip: PhantomClip) -> None:
    affine = picture_affine(clip.spacing_mm, 1 / clip.frame_rate_hz)
    label_path = path.with_name(path.name.removesuffix(".nii.gz") + "_label.nii.gz")
    for file, array in ((path, clip.image), (label_path, clip.label)):
        image = nibabel.Nifti1Image(np.ascontiguousarray(array), affine)
        image.header.set_xyzt_units("mm", "sec")
        image.header["descrip"] = PHANTOM_MARK
        file.write_bytes(gzip.compress(image.to_bytes(), compresslevel=4, mtime=0))


def write_metaimage(path: Path, clip: PhantomClip) -> None:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(clip.image.T))
    image.SetSpacing([*(float(step) for step in clip.spacing_mm), 1 / clip.frame_rate_hz])
    SimpleITK.WriteImage(image, str(path))


def write_png(path: Path, clip: PhantomClip) -> None:
    path.mkdir()
    for number, frame in enumerate(np.moveaxis(clip.image, -1, 0), start=1):
        Image.fromarray(np.ascontiguousarray(frame.T)).save(path / f"frame_{number:04d}.png")


def write_npy(path: Path, clip: PhantomClip) -> None:
    np.save(path, np.ascontiguousarray(clip.image))


def write_video(path: Path, clip: PhantomClip, codec: str, pixel_format: str) -> None:
    import av

    exact = {"flags": "bitexact", "qmin": "2", "qmax": "3"}  # otherwise versions and times would make files differ
    with av.open(str(path), "w", options={"fflags": "bitexact"}) as container:
        container.metadata["title"] = PHANTOM_MARK
        rate = Fraction(clip.frame_rate_hz).limit_denominator(1001)
        stream = container.add_stream(codec, rate=rate, options=exact)
        stream.width, stream.height, stream.pix_fmt = *clip.image.shape[:2], pixel_format
        for frame in clip.image.transpose(2, 1, 0):  # upright
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="gray")))
        container.mux(stream.encode())
