"""The baseline without memory sees one frame at a time."""

from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.nets import FrameByFrame

TINY = {"in_channels": 1, "out_channels": 4, "channels": [4, 8], "strides": [2]}


@pytest.fixture
def net() -> FrameByFrame:
    torch.manual_seed(0)
    return FrameByFrame("UNet", **TINY).eval()


def test_a_clip_is_segmented_like_its_frames_one_by_one(net):
    clip = torch.rand(2, 1, 16, 24, 3)
    with torch.inference_mode():
        logits = net(clip)
        frames = torch.stack([net.network(frame) for frame in clip.unbind(-1)], dim=-1)
    assert logits.shape == (2, 4, 16, 24, 3)
    torch.testing.assert_close(logits, frames)


def test_a_step_depends_on_its_frame_only_and_has_no_state(net):
    first, second = torch.rand(2, 1, 1, 16, 16)
    with torch.inference_mode():
        state = net.initial_state(first)
        logits, after = net.step(second, state)
        again, _ = net.step(second, net.step(first, state)[1])
    assert state == after == ()
    torch.testing.assert_close(logits, again, rtol=0, atol=0)
    torch.testing.assert_close(logits, net(second[..., None])[..., 0])


def test_a_network_built_by_name_states_all_its_options_and_can_be_built_again(net):
    assert net.options == {"network": "UNet", "spatial_dims": 2, **TINY}
    again = FrameByFrame(**net.options)
    again.load_state_dict(net.state_dict())
    assert FrameByFrame(torch.nn.Conv2d(1, 4, 1)).options is None


def test_a_volume_network_and_an_unknown_name_are_refused():
    with pytest.raises(ValueError, match="spatial_dims is 3, expected 2"):
        FrameByFrame("UNet", **TINY, spatial_dims=3)
    with pytest.raises(ValueError, match="UNett"):
        FrameByFrame("UNett", **TINY)
