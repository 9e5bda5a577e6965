"""Mask files hold the masks of a frame cache on the clip's own grid."""

from __future__ import annotations

import nibabel
import numpy as np
from PIL import Image

from gdkvm_monai.data.frame_cache import FrameCache
from gdkvm_monai.study.mask_files import write_nifti_mask, write_npy, write_npz_mask, write_png_masks

AFFINE = np.array([[-0.3, 0, 0, 4], [0, -0.2, 0, 5], [0, 0, 0.02, 0], [0, 0, 0, 1.0]])


def test_a_nifti_mask_equals_what_nibabel_writes(mask_cache, masks, tmp_path):
    write_nifti_mask(tmp_path / "mask.nii.gz", mask_cache, AFFINE)
    image, expected = nibabel.load(tmp_path / "mask.nii.gz"), nibabel.Nifti1Image(masks, AFFINE)
    np.testing.assert_array_equal(np.asanyarray(image.dataobj), masks)
    assert image.get_data_dtype() == np.uint8
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-6)
    np.testing.assert_allclose(image.header.get_zooms(), expected.header.get_zooms())


def test_png_masks_are_upright_images_of_class_indices(mask_cache, masks, tmp_path):
    write_png_masks(tmp_path / "masks_png", mask_cache, [(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)])
    names = sorted(path.name for path in (tmp_path / "masks_png").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    with Image.open(tmp_path / "masks_png" / "00001.png") as picture:
        assert picture.mode == "P" and picture.size == (5, 7)
        np.testing.assert_array_equal(np.asarray(picture).T, masks[..., 1])
        assert (
            picture.convert("RGB").getpixel((0, 0))
            == [(0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)][masks[0, 0, 1]]
        )


def test_an_array_file_holds_the_clip_and_its_affine(mask_cache, masks, tmp_path):
    write_npz_mask(tmp_path / "mask.npz", mask_cache, AFFINE)
    with np.load(tmp_path / "mask.npz") as file:
        np.testing.assert_array_equal(file["mask"], masks)
        np.testing.assert_array_equal(file["affine"], AFFINE)


def test_a_clip_longer_than_nifti_1_allows_is_written_as_nifti_2(tmp_path):
    with FrameCache(tmp_path / "masks", (1, 2)) as cache:
        for frame in range(32768):
            cache.append(np.array([[frame % 4, 1]]))
        write_nifti_mask(tmp_path / "mask.nii.gz", cache, AFFINE)
    image = nibabel.load(tmp_path / "mask.nii.gz")
    assert isinstance(image, nibabel.Nifti2Image) and image.shape == (1, 2, 32768)
    np.testing.assert_array_equal(np.asarray(image.dataobj)[0, 0], np.arange(32768) % 4)


def test_equal_masks_give_equal_nifti_files(mask_cache, tmp_path):
    for name in ("one.nii.gz", "other.nii.gz"):
        write_nifti_mask(tmp_path / name, mask_cache, AFFINE)
    assert (tmp_path / "one.nii.gz").read_bytes() == (tmp_path / "other.nii.gz").read_bytes()


def test_frames_become_one_array_with_time_last(mask_cache, masks, tmp_path):
    write_npy(tmp_path / "mask.npy", mask_cache)
    np.testing.assert_array_equal(np.load(tmp_path / "mask.npy"), masks)
