import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Invertd, Resized
from torch.testing import assert_close

from gdkvm_monai.transforms import ResizeFramesd


@pytest.fixture
def clip() -> MetaTensor:
    pixels = torch.rand(2, 47, 33, 3, generator=torch.Generator().manual_seed(0)) * 255
    return MetaTensor(pixels, affine=torch.diag(torch.tensor([0.3, 0.2, 1.0, 1.0])))


@pytest.mark.parametrize("size", [(16, 20), (100, 90), (47, 33)])
@pytest.mark.parametrize(("mode", "stock"), [("bilinear", "trilinear"), ("nearest-exact", "nearest-exact")])
def test_values_affine_and_inverse_are_those_of_resized(clip, size, mode, stock):
    ours, theirs = ResizeFramesd("image", size, mode), Resized("image", (*size, -1), mode=stock)
    found, expected = ours({"image": clip})["image"], theirs({"image": clip})["image"]
    assert_close(found.as_tensor(), expected.as_tensor(), rtol=1e-6, atol=0)
    assert torch.equal(found.affine, expected.affine)
    back, expected = ours.inverse({"image": found})["image"], theirs.inverse({"image": expected})["image"]
    assert_close(back.as_tensor(), expected.as_tensor(), rtol=1e-6, atol=0)
    assert torch.allclose(back.affine, clip.affine) and not back.applied_operations


@pytest.mark.parametrize(("nearest", "stock"), [(False, "trilinear"), (True, "nearest")])
def test_invertd_takes_predictions_back_to_the_grid_of_the_clip(clip, nearest, stock):
    resize = Compose([ResizeFramesd("image", (16, 20))])
    item = resize({"image": clip})
    item["pred"] = MetaTensor(torch.rand(4, 16, 20, 3, generator=torch.Generator().manual_seed(1)))
    found = Invertd("pred", resize, "image", nearest_interp=nearest)(item)["pred"]
    expected = Resized("pred", clip.shape[1:], mode=stock)(item)["pred"]
    assert_close(found.as_tensor(), expected.as_tensor(), rtol=0, atol=1e-6)
    assert torch.allclose(found.affine, clip.affine)


def test_the_clip_that_is_resized_stays_unchanged(clip):
    before, affine = clip.as_tensor().clone(), clip.affine.clone()
    ResizeFramesd("image", (16, 20))({"image": clip})
    assert torch.equal(clip.as_tensor(), before) and torch.equal(clip.affine, affine) and not clip.applied_operations


@pytest.mark.parametrize("size", [(16, 20, -1), (0, 20)])
def test_a_size_that_is_not_that_of_a_frame_is_refused(size):
    with pytest.raises(ValueError, match=str(size[0])):
        ResizeFramesd("image", size)
