"""Images for TensorBoard show depth downward; unlabeled pixels are black and images unchanged."""

from __future__ import annotations

import torch

from gdkvm_monai.handlers import ClipsForDisplay
from gdkvm_monai.labels import LV, UNLABELED


def items() -> list[dict[str, torch.Tensor]]:
    image = torch.arange(24.0).view(1, 2, 3, 4) * 20  # above 255, too
    label = torch.full((1, 2, 3, 4), float(LV))
    label[..., 1] = UNLABELED
    return [{"image": image, "label": label}, {"image": image + 1, "label": label}]


def test_lateral_and_depth_are_swapped_and_time_stays_last():
    first, second = ClipsForDisplay("image")(items())
    assert first.shape == (1, 3, 2, 4) and torch.equal(first, items()[0]["image"].transpose(1, 2))
    assert torch.equal(second, first + 1)


def test_unlabeled_frames_are_black_in_labels_only():
    images, labels = ClipsForDisplay(["image", "label"])(items())
    assert (labels[0][..., 1] == 0).all() and (labels[0][..., [0, 2, 3]] == LV).all()
    assert len(images) == len(labels) == 2 and images[0].max() == 460


def test_frames_that_are_marked_as_invalid_are_black():
    marked = items()
    marked[0]["image"][..., 2] = torch.nan
    image = ClipsForDisplay("image")(marked)[0]
    assert not image[..., 2].any() and image[..., 3].max() == 460
