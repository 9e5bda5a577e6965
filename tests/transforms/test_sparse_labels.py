"""Partially annotated labels: unlabeled frames do not affect training, and no annotation is lost."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.losses import DiceCELoss

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.losses import LabeledFramesLoss
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.transforms import KeepLabelFramesd, SampleFramesd, UnlabelEmptyFramesd

TRAIN = Path(__file__).resolve().parents[2] / "bundle" / "configs" / "train.json"


def drawn(length: int, frames: tuple[int, ...]) -> torch.Tensor:
    """A label ``(1, 16, 16, T)`` with a square of class 1 in some frames, as MONAI Label stores it."""
    label = torch.zeros(1, 16, 16, length)
    label[:, 4:10, 4:10, list(frames)] = 1
    return label


def labeled(label: torch.Tensor) -> list[int]:
    return [t for t in range(label.shape[-1]) if not (label[..., t] == UNLABELED).all()]


def test_frames_without_foreground_become_unlabeled_and_the_others_stay():
    label = drawn(6, (1, 4))
    marked = UnlabelEmptyFramesd("label")({"label": label})["label"]
    assert labeled(marked) == [1, 4] and torch.equal(marked[..., [1, 4]], label[..., [1, 4]])
    assert not (label == UNLABELED).any()  # the given label is left alone


def test_a_label_with_all_frames_drawn_and_one_that_names_its_frames_stay_as_they_are():
    full, named = drawn(3, (0, 1, 2)), drawn(3, (0,))
    assert UnlabelEmptyFramesd("label")({"label": full})["label"] is full
    assert UnlabelEmptyFramesd("label")({"label": named, "label_frames": [0, 1]})["label"] is named


def test_a_label_without_any_foreground_is_refused():
    with pytest.raises(ValueError, match="no frame of the label has foreground; draw a frame, or leave the clip out"):
        UnlabelEmptyFramesd("label")({"label": drawn(4, ())})


@pytest.mark.parametrize("frames", [(0, 11), (7,), (3, 4, 5), (19,), tuple(range(1, 11))])
def test_the_sampled_frames_include_the_drawn_ones_in_order(frames):
    label = UnlabelEmptyFramesd("label")({"label": drawn(20, frames)})["label"]
    image = torch.arange(20.0).expand(1, 16, 16, 20)
    item = SampleFramesd(["image", "label"], 10, label_key="label")({"image": image, "label": label})
    numbers = item["image"][0, 0, 0].tolist()
    assert numbers == sorted(set(numbers)) and len(numbers) == 10 and set(frames) <= set(numbers)
    assert [numbers[place] for place in labeled(item["label"])] == list(frames)


@pytest.mark.parametrize("frames", [(0, 19), tuple(range(20))])
def test_the_sample_is_uniform_if_it_includes_all_annotated_frames(frames):
    label = UnlabelEmptyFramesd("label")({"label": drawn(20, frames)})["label"]
    image = torch.arange(20.0).expand(1, 16, 16, 20)
    items = [
        SampleFramesd("image", 10, label_key=key)({"image": image, "label": label})["image"] for key in (None, "label")
    ]
    assert torch.equal(*items)


def test_first_and_last_frame_are_kept_only_if_they_are_known_to_be_ed_and_es():
    keep = KeepLabelFramesd("label", (0, -1), phase_keys=("ed_frame", "es_frame"))
    label = drawn(5, (0, 1, 2, 3, 4))
    assert labeled(keep({"label": label, "ed_frame": 0, "es_frame": 4})["label"]) == [0, 4]
    assert keep({"label": label, "ed_frame": 0})["label"] is label


def test_the_gradient_of_undrawn_frames_is_zero():
    label = UnlabelEmptyFramesd("label")({"label": drawn(4, (0, 2))})["label"]
    logits = torch.randn(1, 4, 16, 16, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    LabeledFramesLoss(DiceCELoss(to_onehot_y=True, softmax=True))(logits, label[None]).backward()
    changed = logits.grad.abs().flatten(0, 3).sum(dim=0) > 0
    assert changed.tolist() == [True, False, True, False]


def test_train_json_trains_an_undrawn_frame_only_through_the_drawn_ones(tmp_path):
    """The items are as MONAI Label gives them: an image, a label, and nothing else."""
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 12), np.uint8)
    label = np.zeros_like(pixels)
    label[8:20, 8:20, [2, 7]] = 1
    for name, array in (("image", pixels), ("label", label)):
        nibabel.save(nibabel.Nifti1Image(array, np.diag([0.3, 0.3, 0.02, 1])), tmp_path / f"{name}.nii.gz")
    parser = ConfigParser({**json.loads(TRAIN.read_text()), "frame_size": [32, 32], "num_frames": 6})
    item = {name: str(tmp_path / f"{name}.nii.gz") for name in ("image", "label")}
    for name in ("deterministic_transforms", "training_transforms"):
        for transform in parser.get_parsed_content(f"train#{name}"):
            item = transform(item)
    places = labeled(item["label"])
    assert len(places) == 2 and item["label"].shape == (1, 32, 32, 6)
    torch.manual_seed(0)
    network = GDKVM(backbone="resnet18", width=8, key_channels=8, value_channels=16, decoder_width=16).eval()
    logits = network(torch.as_tensor(item["image"])[None])
    logits.retain_grad()
    parser.get_parsed_content("loss")(logits, item["label"][None]).backward()
    assert [t for t in range(6) if logits.grad[..., t].abs().sum() > 0] == places
