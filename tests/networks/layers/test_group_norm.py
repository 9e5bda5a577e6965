"""Group normalization for any number of channels, one frame at a time."""

from __future__ import annotations

import pytest
import torch
from monai.networks.layers import get_norm_layer

from gdkvm_monai.networks.layers import group_norm


@pytest.mark.parametrize(("channels", "groups"), [(64, 8), (8, 8), (12, 4), (6, 2), (7, 1), (1, 1)])
def test_there_are_as_many_groups_as_divide_the_channels_up_to_eight(channels, groups):
    assert group_norm(channels) == ("group", {"num_groups": groups, "num_channels": channels})


def test_frames_are_normalized_independently_in_groups_of_channels():
    torch.manual_seed(0)
    norm, frames = get_norm_layer(group_norm(12), spatial_dims=2), 5 + 3 * torch.randn(2, 12, 6, 6)
    normalized = norm(frames)
    torch.testing.assert_close(norm(frames[:1]), normalized[:1])
    grouped = normalized.unflatten(1, (4, 3)).flatten(2)
    torch.testing.assert_close(grouped.mean(-1), torch.zeros(2, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(grouped.var(-1, correction=0), torch.ones(2, 4), atol=1e-4, rtol=0)
