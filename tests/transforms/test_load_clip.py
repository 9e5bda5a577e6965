"""A clip is loaded by a single reader, with the channel first."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import list_data_collate
from monai.transforms import EnsureChannelFirstd, LoadImaged

from gdkvm_monai.data import ClipReader, ClipReadError
from gdkvm_monai.transforms.load_clip import LoadImageClipd
from tests.data.clip_files import AFFINE, write_frames


def test_a_file_that_the_reader_refuses_is_not_loaded_by_another_reader(tmp_path):
    path = tmp_path / "color.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((24, 18, 5, 3), dtype=np.uint8), AFFINE), path)
    stock = LoadImaged("image", reader=ClipReader(), ensure_channel_first=True)
    assert stock({"image": path})["image"].shape == (3, 24, 18, 5)  # by MONAI's NibabelReader
    with pytest.raises(ClipReadError, match="expected a gray clip"):
        LoadImageClipd("image")({"image": path})


def test_a_loaded_clip_has_a_channel_and_clips_of_all_kinds_collate(tmp_path):
    clip = np.random.default_rng(0).integers(0, 256, (24, 18, 5), dtype=np.uint8)
    nib.save(nib.Nifti1Image(clip, AFFINE), tmp_path / "clip.nii.gz")
    np.save(tmp_path / "clip.npy", clip)
    paths = tmp_path / "clip.nii.gz", tmp_path / "clip.npy", write_frames(tmp_path / "frames", clip)
    batch = list_data_collate([LoadImageClipd("image")({"image": path}) for path in paths])["image"]
    assert batch.shape == (3, 1, 24, 18, 5)
    trust = ["conflict", "absent", "absent"]  # 18 pixels are less deep than any field of view
    assert batch.meta["spacing_trust"] == trust and not batch.meta["partial"].any()


def test_the_channel_can_be_left_to_a_step_of_its_own_which_gives_the_same_clip(tmp_path):
    np.save(tmp_path / "clip.npy", np.random.default_rng(0).integers(0, 256, (24, 18, 5), dtype=np.uint8))
    item = {"image": tmp_path / "clip.npy"}
    bare = LoadImageClipd("image", ensure_channel_first=False)(item)
    assert bare["image"].shape == (24, 18, 5)
    both, one = EnsureChannelFirstd("image")(bare)["image"], LoadImageClipd("image")(item)["image"]
    assert torch.equal(both, one) and str(both.meta) == str(one.meta)
