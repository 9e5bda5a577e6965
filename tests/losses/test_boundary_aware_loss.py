from __future__ import annotations

import pytest
import torch
from monai.losses import DiceCELoss
from torch.nn import functional as F

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.losses import BoundaryAwareLoss, LabeledFramesLoss
from gdkvm_monai.networks.blocks import AffineEstimator
from gdkvm_monai.networks.layers import mask_edges

SEGMENTATION = LabeledFramesLoss(DiceCELoss(jaccard=True, softmax=True, to_onehot_y=True))


def label_of(frames: int = 2) -> torch.Tensor:
    label = torch.zeros(2, 1, 32, 64, frames)
    for frame in range(frames):
        label[:, :, 8 : 24 + frame, 10 + frame : 50] = 1
    return label


def logits_of(frames: int = 2) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(2, 3, 32, 64, frames)


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    estimator = AffineEstimator()
    torch.nn.init.normal_(estimator[-2].weight, std=0.1)
    torch.save(estimator.state_dict(), tmp_path / "affine.pt")
    return tmp_path / "affine.pt"


def test_without_a_boundary_channel_it_is_the_segmentation_loss():
    logits, label = logits_of()[:, :2], label_of()
    assert torch.equal(BoundaryAwareLoss(SEGMENTATION, 2)(logits, label), SEGMENTATION(logits, label))


def test_the_terms_are_those_of_equations_8_and_9(weights):
    logits, label = logits_of(), label_of()
    estimator = AffineEstimator()
    estimator.load_state_dict(torch.load(weights, weights_only=True))
    entropy, distances = [], {0: [], 1: []}  # to the same, and to the other frame
    for clip in range(2):
        for frame in range(2):
            predicted = logits[clip, 2, :, :, frame]
            for shift in (0, 1):
                other = label[clip : clip + 1, :, :, :, (frame + shift) % 2]
                true = mask_edges(other, 2)[0, 0]
                if shift == 0:
                    entropy.append(F.binary_cross_entropy_with_logits(predicted, true))
                for left in (0, 32):
                    patches = (predicted.sigmoid()[:, left : left + 32], true[:, left : left + 32])
                    theta = estimator(torch.stack(patches)[None])[0]
                    distances[shift].append((theta - torch.eye(2, 3)).square().sum().sqrt())
    mean = {shift: torch.stack(found).mean() for shift, found in distances.items()}
    expected = SEGMENTATION(logits[:, :2], label) + 0.3 * (torch.stack(entropy).mean() + mean[0] - 0.01 * mean[1])
    torch.testing.assert_close(BoundaryAwareLoss(SEGMENTATION, 2, weights)(logits, label), expected)


def test_unlabeled_frames_do_not_count(weights):
    loss, logits, label = BoundaryAwareLoss(SEGMENTATION, 2, weights), logits_of(3), label_of(3)
    label[..., 1] = UNLABELED
    torch.testing.assert_close(loss(logits, label), loss(logits[..., [0, 2]], label[..., [0, 2]]))


def test_the_boundary_gets_a_gradient_and_the_estimator_none(weights):
    loss, logits = BoundaryAwareLoss(SEGMENTATION, 2, weights), logits_of().requires_grad_()
    loss(logits, label_of()).backward()
    assert logits.grad[:, 2].any() and all(p.grad is None for p in loss.parameters())


def test_a_missing_estimator_and_frames_that_do_not_fit_are_refused(weights):
    with pytest.raises(ValueError, match="affine_weights is null"):
        BoundaryAwareLoss(SEGMENTATION, 2)(logits_of(), label_of())
    with pytest.raises(ValueError, match="32x48 cannot be divided into patches of 32x32"):
        BoundaryAwareLoss(SEGMENTATION, 2, weights)(logits_of()[..., :48, :], label_of()[..., :48, :])
