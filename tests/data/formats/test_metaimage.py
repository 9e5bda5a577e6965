"""A MetaImage clip has the axes of NIfTI; without all of its pixels it is refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK

from gdkvm_monai.data import ClipReader, ClipReadError
from tests.data.clip_files import spacing_mm


def test_metaimage_has_the_axes_of_nifti_and_keeps_its_anisotropic_spacing(clip, write_metaimage):
    pixels, affine = ClipReader().read(write_metaimage(clip, (0.308, 0.154, 1.54)))
    np.testing.assert_array_equal(pixels, clip)
    np.testing.assert_allclose(spacing_mm(affine), (0.308, 0.154))


@pytest.mark.parametrize("name", ["still.mhd", "still.mha"])
def test_a_metaimage_still_is_a_clip_of_one_frame(clip, write_metaimage, name):
    for pixels, spacing in ((clip[..., 0], (0.308, 0.154)), (clip[..., :1], (0.308, 0.154, 1.54))):
        read = ClipReader().read(write_metaimage(pixels, spacing, name))
        np.testing.assert_array_equal(read.pixels, clip[..., :1])
        np.testing.assert_allclose(spacing_mm(read.affine), (0.308, 0.154))


def test_color_in_metaimage_is_refused(tmp_path):
    image = SimpleITK.GetImageFromArray(np.zeros((18, 24, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "color.mhd"))
    with pytest.raises(ValueError, match=r"color\.mhd has shape .*expected a gray clip"):
        ClipReader().read(tmp_path / "color.mhd")


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_metaimage_without_all_of_its_pixels_is_refused(clip, write_metaimage, damage):
    path = write_metaimage(clip, (0.308, 0.154, 1.54))
    raw = path.with_suffix(".raw")
    content = raw.read_bytes()
    raw.unlink()
    if damage == "cut":
        raw.write_bytes(content[:-100])
    with pytest.raises(OSError, match=r"clip\.mhd cannot be read as MetaImage; check that its \.raw file is complete"):
        ClipReader().read(path)


def test_a_packed_metaimage_is_read_and_a_truncated_one_refused(clip, tmp_path):
    path = tmp_path / "clip.mha"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ascontiguousarray(clip.T)), str(path), True)
    np.testing.assert_array_equal(ClipReader().read(path).pixels, clip)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ClipReadError, match=r"clip\.mha cannot be read as MetaImage"):
        ClipReader().read(path)
