"""The mean of the probabilities of a clip's versions, each with its own memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from torch import Tensor

from gdkvm_monai.inferers import AutocastInferer, AveragedInferer, StreamSession
from gdkvm_monai.inferers.version import Version
from gdkvm_monai.networks.nets import GDKVM, ConvLSTMUNet, FrameByFrame, SpaceTimeMemory, Vivim

SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}


def gdkvm() -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**SMALL).eval()


@pytest.fixture
def clip() -> Tensor:
    return torch.rand(2, 1, 32, 48, 3, generator=torch.Generator().manual_seed(0))


def bright(clip: Tensor) -> Tensor:
    """Logits of a background and of a structure where a clip is bright."""
    return 8 * torch.cat([0.5 - clip, clip - 0.5], dim=1)


def test_a_single_version_is_the_network_bit_for_bit(clip):
    network = gdkvm()
    with torch.no_grad():
        assert torch.equal(AveragedInferer(scales=[1.0])(clip, network), AutocastInferer()(clip, network))


@torch.no_grad()
def test_the_output_is_the_logarithm_of_the_mean_over_versions_that_are_clips_of_their_own(clip):
    network = gdkvm()
    infer = AveragedInferer(mirror=True, scales=[0.9, 1.0])
    versions = [Version(mirrored, scale) for mirrored in (False, True) for scale in (0.9, 1.0)]
    expected = torch.stack([version.undo(network(version.apply(clip)).softmax(1)) for version in versions]).mean(0)
    torch.testing.assert_close(infer(clip, network).softmax(1), expected)
    torch.testing.assert_close(infer(clip, network), expected.log())
    assert infer.passes == len(versions)


@torch.no_grad()
def test_the_mirror_makes_the_result_of_any_network_independent_of_left_and_right(clip):
    network, infer = gdkvm(), AveragedInferer(mirror=True)
    torch.testing.assert_close(infer(clip.flip(2), network), infer(clip, network).flip(2))
    plain = AutocastInferer()
    assert not torch.allclose(plain(clip.flip(2), network), plain(clip, network).flip(2), atol=1e-3)


def test_pixels_that_a_version_does_not_see_are_averaged_over_the_others():
    clip = torch.rand(1, 1, 32, 32, 2)
    found = AveragedInferer(scales=[1.0, 2.0])(clip, bright)
    border = torch.ones(32, 32, dtype=torch.bool)
    border[8:24, 8:24] = False
    plain = bright(clip).log_softmax(1)
    torch.testing.assert_close(found[:, :, border], plain[:, :, border])
    assert not torch.allclose(found[:, :, ~border], plain[:, :, ~border], atol=1e-2)


def test_the_mean_is_of_probabilities_and_stays_finite_where_they_are_zero():
    calls = iter([torch.tensor([500.0, 0.0]), torch.tensor([0.0, 1000.0])])

    def network(clip: Tensor) -> Tensor:
        return next(calls).view(1, 2, 1, 1, 1).expand(1, 2, *clip.shape[2:])

    found = AveragedInferer(mirror=True, scales=[1.0])(torch.rand(1, 1, 16, 16, 1), network)
    torch.testing.assert_close(found.exp(), torch.full_like(found, 0.5))
    certain = AveragedInferer(mirror=True, scales=[1.0])(torch.full((1, 1, 16, 16, 1), 200.0), bright)
    assert certain.isfinite().all() and (certain.argmax(1) == 1).all()


def networks() -> list:
    torch.manual_seed(0)
    unet = torch.nn.Conv2d(1, 3, 3, padding=1)
    lstm = ConvLSTMUNet(features=(4, 8, 8, 8, 8, 4))
    return [gdkvm(), SpaceTimeMemory(**SMALL), FrameByFrame(unet), lstm]


@pytest.mark.parametrize("network", networks(), ids=lambda network: type(network).__name__)
@torch.no_grad()
def test_frame_by_frame_the_result_is_that_of_the_clip(network, clip):
    network, infer = network.eval(), AveragedInferer(mirror=True)
    state, logits = network.initial_state(clip[..., 0]), []
    for frame in clip.unbind(-1):
        found, state = infer(frame, network.step, state)
        logits.append(found)
    torch.testing.assert_close(torch.stack(logits, dim=-1), infer(clip, network), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_network_that_needs_the_whole_clip_is_averaged_too(clip):
    torch.manual_seed(0)
    network = Vivim(widths=(8, 8, 20, 16), depths=(1, 1, 1, 1), head_width=8).eval()
    found = AveragedInferer(scales=[0.9, 1.0])(clip, network)
    assert found.shape == network(clip).shape and found.isfinite().all()


@torch.no_grad()
def test_a_stream_gives_the_masks_of_the_clip_and_resumes_from_a_saved_state(tmp_path):
    network, infer = gdkvm(), AveragedInferer()
    frames = np.random.default_rng(0).integers(0, 255, (32, 48, 4)).astype(np.uint8)
    session = StreamSession(network, inferer=infer)
    masks = [session.push(frame) for frame in np.moveaxis(frames, -1, 0)]
    expected = infer(torch.from_numpy(frames)[None, None].float(), network).argmax(1)[0]
    np.testing.assert_array_equal(np.stack(masks, axis=-1), expected.numpy())
    session.reset()
    for frame in np.moveaxis(frames[..., :2], -1, 0):
        session.push(frame)
    session.save(tmp_path / "state.pt")
    resumed = StreamSession(network, inferer=infer)
    resumed.load(tmp_path / "state.pt")
    np.testing.assert_array_equal(resumed.push(frames[..., 2]), masks[2])
    with pytest.raises(ValueError, match="load its own state"):
        StreamSession(network).load(tmp_path / "state.pt")


@torch.no_grad()
def test_bfloat16_is_the_networks_only_and_metadata_survive(clip):
    infer, network = AveragedInferer("bfloat16"), gdkvm()
    found = infer(MetaTensor(clip, meta={"name": "clip"}), network)
    assert found.dtype == torch.float32 and found.meta["name"] == "clip"
    exact = AveragedInferer()(clip, network)
    assert not torch.equal(found.as_tensor(), exact)
    torch.testing.assert_close(found.as_tensor().exp(), exact.exp(), atol=0.05, rtol=0.05)


@torch.no_grad()
def test_a_marked_frame_is_background_and_leaves_the_memory_of_every_version_unchanged(clip):
    network, infer, marked = gdkvm(), AveragedInferer(), clip.clone()
    marked[0, ..., 1] = torch.nan
    found = infer(marked, network)
    assert (found[0, ..., 1].softmax(0)[0] > 0.999).all()
    torch.testing.assert_close(found[:1, ..., [0, 2]], infer(clip[:1, ..., [0, 2]], network))


def test_a_correction_is_refused(clip):
    with pytest.raises(ValueError, match="correction"):
        AveragedInferer()(torch.cat([clip, clip], dim=1), gdkvm())


@pytest.mark.parametrize(
    ("scales", "named"),
    [([], r"\[\]"), ([0.9, 0.9], "0.9, 0.9"), ([0.4, 1.0], "0.4"), ([1.0, 3.0], "3.0"), ([float("nan")], "nan")]
    + [(["1.0"], "'1.0'"), ("large", "'large'"), ([1.1, 1.2], "border")],
)
def test_impossible_scales_are_refused(scales, named):
    with pytest.raises(ValueError, match=f"scales is .*{named}"):
        AveragedInferer(scales=scales)


@pytest.mark.parametrize("mirror", ["lateral", 1, None])
def test_a_mirror_that_is_no_boolean_is_refused(mirror):
    with pytest.raises(TypeError, match=f"mirror is {mirror!r}"):
        AveragedInferer(mirror=mirror)


@pytest.mark.gpu
@torch.no_grad()
def test_on_cuda_the_result_is_that_of_the_cpu(clip):
    network, infer = gdkvm(), AveragedInferer(mirror=True)
    expected = infer(clip, network)
    found = infer(clip.cuda(), network.cuda())
    assert found.is_cuda
    torch.testing.assert_close(found.cpu().exp(), expected.exp(), atol=1e-2, rtol=1e-2)
