"""Clip and label are cropped to the tissue region, and a prediction is placed on the full grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor, decollate_batch, list_data_collate
from monai.transforms import Compose, Invertd, Resized

from gdkvm_monai.transforms import CropToRegiond

AFFINE = torch.diag(torch.tensor([-0.5, -0.4, 0.02, 1.0], dtype=torch.float64))
BOX = (slice(2, 10), slice(3, 9))
CUT = (slice(None), *BOX)


def clip(region=(2, 3, 10, 9)) -> MetaTensor:
    meta = {} if region is None else {"region": region}
    return MetaTensor(torch.rand(1, 12, 10, 4), affine=AFFINE, meta=meta)


def test_clip_and_label_lose_the_same_pixels_and_the_affine_follows():
    image, label = clip(), MetaTensor(torch.rand(1, 12, 10, 4))
    item = CropToRegiond(["image", "label"])({"image": image, "label": label})
    assert torch.equal(item["image"], image[CUT]) and torch.equal(item["label"], label[CUT])
    np.testing.assert_allclose(item["image"].affine @ torch.tensor([0.0, 0, 0, 1]).double(), (-1, -1.2, 0, 1))


def test_a_label_can_be_cropped_after_its_clip():
    image, label = clip(), torch.rand(1, 12, 10, 4)
    item = CropToRegiond("image")({"image": image, "label": label})
    assert torch.equal(CropToRegiond("label")(item)["label"], label[CUT])


def test_without_a_region_nothing_is_cropped():
    image = clip(region=None)
    assert torch.equal(CropToRegiond("image")({"image": image})["image"], image)


@pytest.mark.parametrize("region", [(2, 3, 10, 9), None])
@pytest.mark.parametrize("classes", [1, 4])
def test_a_prediction_is_placed_on_the_full_grid_with_certain_background_outside(region, classes):
    before = Compose([CropToRegiond("image"), Resized("image", (16, 18, -1), mode="trilinear")])
    after = Invertd("pred", before, "image", nearest_interp=False)
    batch = list_data_collate([before({"image": clip(region)}), before({"image": clip(region)})])  # as a loader does
    batch["pred"] = MetaTensor(torch.randn(2, classes, 16, 18, 4), meta=batch["image"].meta)
    for item in decollate_batch(batch):
        pred = after(item)["pred"]
        assert pred.shape == (classes, 12, 10, 4)
        torch.testing.assert_close(pred.affine, AFFINE)
        inside = torch.zeros(12, 10, dtype=torch.bool)
        inside[BOX if region else ...] = True
        assert pred[:, inside].std() > 0.1
        if classes > 1:
            assert (pred[:, ~inside].softmax(0)[0] > 0.999).all()
        else:
            assert not pred[:, ~inside].any()


@pytest.mark.parametrize("region", [(2, 3, 13, 9), (5, 3, 5, 9), (-1, 0, 5, 5)])
def test_a_region_outside_the_image_is_refused(region):
    with pytest.raises(ValueError, match=str(region[0])):
        CropToRegiond("image")({"image": clip(region)})
