from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gdkvm_monai.networks.blocks import ConvolutionalFeedForward, FrameAttention, PatchEmbedding


def test_patches_overlap_and_cover_the_frame():
    embed = PatchEmbedding(1, 3, stride=4)
    assert embed.conv.kernel_size == (7, 7)
    assert embed(torch.rand(2, 5, 16, 32, 1)).shape == (2, 5, 4, 8, 3)


@pytest.mark.parametrize("reduction", [1, 2])
@torch.inference_mode()
def test_attention_mixes_all_tokens_of_a_frame_and_no_others(reduction):
    attend, clip = FrameAttention(8, 2, reduction), torch.rand(1, 3, 4, 4, 8)
    changed = clip.clone()
    changed[:, 1, 0, 0] += 1
    difference = (attend(clip) - attend(changed)).abs().amax(dim=(0, 4))  # (T, h, w)
    assert not difference[[0, 2]].any() and difference[1].all()


@torch.inference_mode()
def test_attention_without_reduction_equals_the_textbook_form():
    attend, clip = FrameAttention(6, 1, reduction=1).double(), torch.rand(1, 1, 2, 3, 6, dtype=torch.float64)
    tokens = clip.flatten(1, 3)
    key, value = attend.key_value(tokens).chunk(2, dim=-1)
    weights = (attend.query(tokens) @ key.mT / 6**0.5).softmax(-1)
    torch.testing.assert_close(attend(clip).flatten(1, 3), attend.leave(weights @ value))


@torch.inference_mode()
def test_the_detail_specific_feed_forward_equals_a_3_d_depth_wise_convolution():
    block, clip = ConvolutionalFeedForward(4, 2, neighbors=True).double(), torch.rand(
        2, 5, 4, 6, 4, dtype=torch.float64
    )
    kernel = block.conv.weight.unflatten(0, (8, 3)).transpose(1, 2)  # (hidden, 1, 3, 3, 3)
    bias = block.conv.bias.unflatten(0, (8, 3))
    hidden = block.enter(clip).permute(0, 4, 1, 2, 3)
    detail = F.conv3d(hidden, kernel, padding=1, groups=8) + bias.sum(1).view(-1, 1, 1, 1)
    detail[:, :, 0] -= bias[:, 0].view(-1, 1, 1)  # a frame outside the clip adds nothing, not even its bias
    detail[:, :, -1] -= bias[:, 2].view(-1, 1, 1)
    torch.testing.assert_close(block(clip), block.leave(F.gelu(detail.permute(0, 2, 3, 4, 1))))


@torch.inference_mode()
def test_the_mix_feed_forward_sees_each_frame_alone():
    block, clip = ConvolutionalFeedForward(4), torch.rand(1, 3, 4, 4, 4)
    torch.testing.assert_close(block(clip)[:, 1:2], block(clip[:, 1:2]))
    assert isinstance(block.conv, nn.Conv2d) and block.conv.groups == 16
