from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.nets.clip_check import check_clip


@pytest.mark.parametrize("shape", [(1, 3, 16, 16, 1), (2, 3, 32, 48, 5)])
def test_clips_of_the_stated_shape_are_accepted(shape):
    check_clip(torch.rand(shape), in_channels=3)


@pytest.mark.parametrize(
    ("shape", "offending"),
    [((1, 3, 16, 16), r"\[1, 3, 16, 16\]"), ((1, 1, 16, 16, 2), "B, 3, H"), ((1, 3, 16, 24, 2), "size 16x24")],
)
def test_other_shapes_are_refused(shape, offending):
    with pytest.raises(ValueError, match=offending):
        check_clip(torch.rand(shape), in_channels=3)


def test_a_frame_of_one_place_is_refused_where_a_network_normalizes_over_places():
    check_clip(torch.rand(1, 1, 16, 32, 2), in_channels=1, least_places=2)
    with pytest.raises(ValueError, match="size 16x16 is too small for this network"):
        check_clip(torch.rand(1, 1, 16, 16, 2), in_channels=1, least_places=2)


@pytest.mark.parametrize(
    ("clip", "kind"), [([1.0], "list"), (torch.zeros(1, 3, 16, 16, 1, dtype=torch.int16), "int16")]
)
def test_anything_but_a_tensor_of_floats_is_refused(clip, kind):
    with pytest.raises(TypeError, match=kind):
        check_clip(clip, in_channels=3)
