"""Every clip has a mask file of its own, with the clip's axes."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import SaveImage

from gdkvm_monai.data import MaskLayout, MaskWriter


@pytest.mark.parametrize(
    ("clip", "mask"),
    [
        ("/clips/x.nii.gz", "x_seg.nii.gz"),
        ("/clips/x.y.npy", "x.y_seg.nii.gz"),
        ("/clips/X.DCM", "X_seg.nii.gz"),
        ("/clips/a/b/x.avi", "a/b/x_seg.nii.gz"),
        ("/clips/1.2.840.1", "1.2.840.1_seg.nii.gz"),
        ("/clips/1.2.840.2", "1.2.840.2_seg.nii.gz"),
        ("/clips/frames", "frames_seg.nii.gz"),
        ("/clips", "clips_seg.nii.gz"),
        ("/elsewhere/a/x.nii.gz", "x_seg.nii.gz"),
        ("/clips/../elsewhere/x.nii.gz", "x_seg.nii.gz"),
    ],
)
def test_masks_keep_the_folder_and_name_of_their_clip_and_never_leave_the_output_folder(clip, mask):
    assert MaskLayout("/out", "/clips").path(clip) == Path("/out", mask)


def test_a_relative_dataset_folder_is_the_same_as_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for root in ("clips", tmp_path / "clips", "./clips/"):
        for clip in ("clips/a/x.npy", tmp_path / "clips" / "a" / "x.npy"):
            assert MaskLayout("out", root).path(clip) == Path("out/a/x_seg.nii.gz")


def test_a_single_clip_as_the_dataset_has_its_mask_directly_in_the_output_folder():
    assert MaskLayout("/out", "/clips/a/x.nii.gz").path("/clips/a/x.nii.gz") == Path("/out/x_seg.nii.gz")


@pytest.mark.parametrize(
    "clips",
    [("/clips/x.nii.gz", "/clips/x.npy"), ("/one/x.nii.gz", "/other/x.nii.gz"), ("/clips/a/x.mhd", "/clips/a/x.MHA")],
)
def test_two_clips_with_one_mask_file_are_refused_by_name(clips):
    items = [{"image": "/clips/other.npy"}, *({"image": clip} for clip in clips)]
    with pytest.raises(ValueError, match="--pattern") as error:
        MaskLayout("/out", "/clips").check(items)
    assert all(clip in str(error.value) for clip in clips)


def test_clips_with_mask_files_of_their_own_pass():
    clips = ["/clips/a/x.nii.gz", "/clips/b/x.nii.gz", ["/clips/ED.mhd", "/clips/ES.mhd"], "/clips/a/x.nii.gz"]
    MaskLayout("/out", "/clips").check([{"image": clip} for clip in clips])


@pytest.mark.parametrize("shape", [(6, 5, 3), (6, 5, 1), (6, 1, 1)])
def test_a_written_mask_has_every_axis_of_its_clip(shape, tmp_path):
    mask = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    affine = np.diag([-0.3, -0.2, 0.02, 1.0])
    meta = {"filename_or_obj": str(tmp_path / "clips" / "a" / "x.npy"), "spatial_shape": np.array(shape)}
    layout = MaskLayout(tmp_path / "out", tmp_path / "clips")
    save = SaveImage(folder_layout=layout, writer=MaskWriter, output_dtype=np.uint8, print_log=False)
    save(MetaTensor(torch.from_numpy(mask[None]), affine=torch.from_numpy(affine), meta=meta))
    saved = nibabel.load(tmp_path / "out" / "a" / "x_seg.nii.gz")
    assert saved.shape == shape and saved.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.asarray(saved.dataobj), mask)
    np.testing.assert_allclose(saved.affine, affine, atol=1e-6)
