"""Clips, and writers that put them into a file and give its path."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from tests.data.clip_files import AFFINE


@pytest.fixture
def clip() -> np.ndarray:
    """A clip ``(H, W, T)`` in which no two axes can be confused: 24 x 18 pixels, 5 frames."""
    return np.random.default_rng(0).integers(0, 256, (24, 18, 5), dtype=np.uint8)


@pytest.fixture
def write_nifti(tmp_path):
    """Write an array as NIfTI and give its path."""

    def write_file(pixels, affine=AFFINE, frame_time=None, name="clip.nii.gz"):
        image = nib.Nifti1Image(pixels, affine)
        if frame_time is not None:
            image.header.set_zooms((*image.header.get_zooms()[:3], frame_time))
        nib.save(image, tmp_path / name)
        return tmp_path / name

    return write_file


@pytest.fixture
def write_metaimage(tmp_path):
    """Write an array ``(H, W, T)`` or ``(H, W)`` as MetaImage and give its path."""

    def write_file(pixels, spacing, name="clip.mhd"):
        image = SimpleITK.GetImageFromArray(np.ascontiguousarray(pixels.T))
        image.SetSpacing(spacing)
        SimpleITK.WriteImage(image, str(tmp_path / name))
        return tmp_path / name

    return write_file


@pytest.fixture
def frames() -> np.ndarray:
    """Gray frames ``(T, rows, columns)``: 5 frames of 40 x 50 pixels in which no two axes can be confused."""
    return np.random.default_rng(0).integers(0, 256, (5, 40, 50), dtype=np.uint8)


@pytest.fixture
def write_dicom(tmp_path):
    """Write frames ``(T, rows, columns[, 3])`` as DICOM, with attributes changed or (None) left out; give the path."""
    dicom_files = pytest.importorskip("tests.data.dicom_files")

    def write_file(frames, photometric="MONOCHROME2", name="clip.dcm", compress=None, **attributes):
        dicom_files.save(tmp_path / name, frames, photometric, compress, attributes)
        return tmp_path / name

    return write_file
