"""Only annotated frames are supervised."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.losses import DiceCELoss
from torch import nn

from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.losses import LabeledFramesLoss

INNER = DiceCELoss(to_onehot_y=True, softmax=True)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits ``(2, 4, 8, 6, 5)`` and a label of frames 0 and 4 of the first clip and frame 2 of the second."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 8, 6, 5, generator=generator)
    label = torch.randint(0, 4, (2, 1, 8, 6, 5), generator=generator).float()
    label[0, ..., 1:4] = UNLABELED
    label[1, ..., [0, 1, 3, 4]] = UNLABELED
    return logits, label


def test_the_loss_equals_the_inner_loss_of_the_labeled_frames(batch):
    logits, label = batch
    frames = [(0, 0), (0, 4), (1, 2)]
    expected = INNER(
        torch.stack([logits[b, ..., t] for b, t in frames]), torch.stack([label[b, ..., t] for b, t in frames])
    )
    torch.testing.assert_close(LabeledFramesLoss(INNER)(logits, label), expected)


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_the_loss_of_fully_labeled_clips_is_the_loss_of_all_frames_as_a_batch(frames):
    logits, label = torch.randn(2, 3, 8, 8, frames), torch.randint(0, 3, (2, 1, 8, 8, frames)).float()
    cross_entropy = nn.CrossEntropyLoss()
    loss = LabeledFramesLoss(lambda x, y: cross_entropy(x, y[:, 0].long()))
    torch.testing.assert_close(loss(logits, label), cross_entropy(logits, label[:, 0].long()))


def test_unlabeled_frames_have_no_influence_and_no_gradient(batch):
    logits, label = batch
    logits.requires_grad_()
    loss = LabeledFramesLoss(INNER)(logits, label)
    loss.backward()
    labeled = (label != UNLABELED).all(dim=(1, 2, 3), keepdim=True)
    assert (logits.grad.masked_select(~labeled.expand_as(logits)) == 0).all()
    assert (logits.grad.masked_select(labeled.expand_as(logits)) != 0).all()
    with torch.no_grad():
        other = torch.where(labeled, logits, 100 * torch.randn_like(logits))
    assert torch.equal(LabeledFramesLoss(INNER)(other, label), loss)


def test_a_frame_without_structures_is_supervised_as_background():
    label = torch.full((1, 1, 8, 8, 3), float(UNLABELED))
    label[..., 1] = 0
    logits = torch.zeros(1, 2, 8, 8, 3, requires_grad=True)
    LabeledFramesLoss(INNER)(logits, label).backward()
    assert (logits.grad[0, 0, ..., 1] < 0).all() and (logits.grad[..., [0, 2]] == 0).all()


def test_an_unlabeled_frame_with_zero_padded_borders_stays_unlabeled(batch):
    logits, label = batch
    padded = label.clone()
    padded[0, :, 0, :, 1:4] = 0  # what rotation with padding_mode="zeros" leaves at a border
    loss = LabeledFramesLoss(INNER)
    torch.testing.assert_close(loss(logits, padded), loss(logits, label))


def test_labels_with_metadata_give_the_same_loss(batch):
    logits, label = batch
    loss = LabeledFramesLoss(INNER)
    torch.testing.assert_close(torch.as_tensor(loss(logits, MetaTensor(label))), loss(logits, label))


def test_a_batch_without_labeled_frames_is_an_error_rather_than_a_zero_loss(batch):
    logits, label = batch
    with pytest.raises(ValueError, match="no frame of the batch is labeled; check label_frames"):
        LabeledFramesLoss(INNER)(logits, torch.full_like(label, UNLABELED))


@pytest.mark.parametrize("shape", [(2, 1, 8, 6, 4), (2, 1, 6, 8, 5), (2, 8, 6, 5)])
def test_a_label_of_another_size_or_length_is_refused(batch, shape):
    with pytest.raises(ValueError, match=r"logits \(2, 4, 8, 6, 5\) and label .* differ in size or number of frames"):
        LabeledFramesLoss(INNER)(batch[0], torch.zeros(shape))


def test_deep_supervision_adds_the_weighted_losses_of_coarser_strides(batch):
    logits, label = batch
    strides = torch.stack([logits, -logits, 2 * logits], dim=1)  # (B, 3, N, H, W, T)
    plain = LabeledFramesLoss(INNER)
    expected = plain(logits, label) + 0.4 * plain(-logits, label) + 0.2 * plain(2 * logits, label)
    torch.testing.assert_close(LabeledFramesLoss(INNER, [0.4, 0.2])(strides, label), expected)
    torch.testing.assert_close(LabeledFramesLoss(INNER, [0.4, 0.2])(logits, label), plain(logits, label))


@pytest.mark.parametrize("weights", [(), (0.4,), (0.4, 0.2, 0.1)])
def test_deeply_supervised_logits_without_a_weight_for_each_stride_are_refused(batch, weights):
    logits, label = batch
    with pytest.raises(ValueError, match=r"logits at 3 strides need 2 coarse_weights, got \["):
        LabeledFramesLoss(INNER, weights)(logits[:, None].expand(-1, 3, -1, -1, -1, -1), label)
