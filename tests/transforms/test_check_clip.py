"""Input that would give a wrong result is refused in one sentence."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.transforms import CheckClipd


@pytest.fixture
def item() -> dict:
    """A clip of three frames with a label that has all classes and an unlabeled frame."""
    label = torch.arange(16 * 12).reshape(1, 16, 12, 1).expand(1, 16, 12, 3) % 4
    label = label.float().clone()
    label[..., 1] = UNLABELED
    return {"image": MetaTensor(torch.rand(1, 16, 12, 3), meta={"filename_or_obj": "a/clip.nii.gz"}), "label": label}


def test_a_valid_clip_passes_unchanged(item):
    checked = CheckClipd()(item)
    assert checked == item and checked["image"] is item["image"] and checked["label"] is item["label"]


def test_a_clip_without_label_passes(item):
    del item["label"]
    assert CheckClipd()(item)["image"] is item["image"]


def test_other_keys_numbers_of_classes_and_channels_may_be_named():
    item = {"video": torch.rand(3, 8, 8, 2), "mask": torch.ones(1, 8, 8, 2)}
    check = CheckClipd(num_classes=2, image_key="video", label_key="mask", channels=3)
    assert check(item) == item


def test_unlabeled_frames_are_accepted_as_label_values(item):
    item["label"] = torch.full((1, 16, 12, 3), UNLABELED, dtype=torch.uint8)
    assert CheckClipd(num_classes=2)(item)["label"] is item["label"]


@pytest.mark.parametrize(
    "shape",
    [(16, 12, 3), (1, 16, 12), (1, 1, 16, 12, 3), (3, 16, 12, 3), (1, 16, 12, 0), (1, 0, 12, 3), (0, 16, 12, 3)],
    ids=["no channel", "no time", "batched", "color", "T = 0", "H = 0", "C = 0"],
)
def test_a_clip_of_the_wrong_dimensions_or_channels_is_refused(item, shape):
    item["image"] = MetaTensor(torch.zeros(shape), meta={"filename_or_obj": "a/clip.nii.gz"})
    message = r"a/clip\.nii\.gz: expected a clip of shape \(1, H, W, T\) with T >= 1, got .*convert it to one gray clip"
    with pytest.raises(ValueError, match=message):
        CheckClipd()(item)


@pytest.mark.parametrize(
    "shape",
    [(1, 16, 12, 2), (1, 12, 16, 3), (2, 16, 12, 3), (16, 12, 3)],
    ids=["T", "transposed", "one-hot", "no channel"],
)
def test_a_label_of_another_shape_than_the_clip_is_refused(item, shape):
    item["label"] = torch.zeros(shape)
    with pytest.raises(ValueError, match=r"clip has shape \(1, 16, 12, 3\), its label \(.*one label frame per frame"):
        CheckClipd()(item)


@pytest.mark.parametrize("value", [4.0, -1.0, 254.0, 256.0, 0.5, float("nan")])
def test_a_label_value_outside_the_classes_is_named(item, value):
    item["label"][0, 0, 0, 0] = value
    with pytest.raises(
        ValueError, match=rf"its label has the values \[{value}\], expected 0 to 3 \(or 255.*MapLabelValued"
    ):
        CheckClipd()(item)


def test_the_number_of_classes_decides_which_values_are_outside(item):
    assert CheckClipd(num_classes=4)(item)
    with pytest.raises(ValueError, match=r"values \[2\.0, 3\.0\], expected 0 to 1 .*LA is 3\); set num_classes to 4"):
        CheckClipd(num_classes=2)(item)


def test_a_clip_without_metadata_is_named_by_its_key():
    with pytest.raises(ValueError, match="^image: expected a clip"):
        CheckClipd()({"image": torch.zeros(2, 16, 12, 3)})
