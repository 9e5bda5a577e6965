"""MONAI reads a clip, (H, W, T), with the metadata that its transforms and writers use."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.transforms import Compose, Invertd, LoadImage, LoadImaged, Resized, SaveImaged

from gdkvm_monai.data import ClipReader
from tests.data.clip_files import AFFINE


def test_monai_loads_a_clip_with_the_channel_first_and_its_file_name(clip, write_nifti):
    path = write_nifti(clip)
    loaded = LoadImage(reader=ClipReader(), ensure_channel_first=True)(path)
    assert loaded.shape == (1, 24, 18, 5)
    np.testing.assert_array_equal(loaded[0].numpy(), clip)
    assert loaded.meta["filename_or_obj"] == str(path)
    np.testing.assert_allclose(loaded.affine.numpy(), AFFINE, atol=1e-6)


@pytest.mark.parametrize("stored", [(24, 18, 5), (24, 18, 1, 5), (24, 18)])
def test_results_on_another_grid_are_mapped_back_to_the_files_grid_and_affine(clip, write_nifti, tmp_path, stored):
    path = write_nifti((clip if len(stored) > 2 else clip[..., 0]).reshape(stored))
    load = LoadImaged("image", reader=ClipReader(), ensure_channel_first=True)
    preprocessing = Compose([load, Resized("image", (48, 36, -1), mode="nearest")])
    item = preprocessing({"image": str(path)})
    assert item["image"].shape[1:3] == (48, 36)
    item["pred"] = item["image"].clone()
    invert = Invertd("pred", transform=preprocessing, orig_keys="image")
    save = SaveImaged(
        "pred", output_dir=str(tmp_path), output_postfix="seg", separate_folder=False, resample=False,
        output_dtype=np.uint8, print_log=False,
    )  # fmt: skip
    Compose([invert, save])(item)
    saved, expected = nib.load(tmp_path / "clip_seg.nii.gz"), clip if len(stored) > 2 else clip[..., 0]
    assert saved.shape == expected.shape
    np.testing.assert_allclose(saved.affine, AFFINE, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(saved.dataobj), expected)


def test_only_file_names_of_supported_formats_are_accepted():
    reader = ClipReader()
    assert (
        reader.verify_suffix("a.nii") and reader.verify_suffix(["a.nii.gz", "B.MHD"]) and reader.verify_suffix("a.mha")
    )
    assert reader.verify_suffix(["a.dcm", "a.AVI", "a.mp4", "a.npy"])
    assert not reader.verify_suffix("a.png") and not reader.verify_suffix(["a.nii.gz", "a.txt"])


def test_the_metadata_are_a_copy_that_transforms_can_change(clip, write_nifti):
    read = ClipReader().read(write_nifti(clip))
    _, meta = ClipReader().get_data(read)
    meta["affine"] *= 2
    np.testing.assert_allclose(meta["original_affine"], read.affine)
    assert torch.isnan(torch.tensor(meta["original_channel_dim"]))  # no channel in the file: MONAI adds one
