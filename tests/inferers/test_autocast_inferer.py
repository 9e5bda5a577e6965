"""Mixed precision on any device, with logits in full precision, and frames that the network must not see."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from torch import nn

from gdkvm_monai.inferers import AutocastInferer, CorrectionInferer
from gdkvm_monai.networks.nets import GDKVM


class Probe(nn.Module):
    """A convolution that records the precision in which it ran."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv3d(1, 4, 3, padding=1)
        self.dtype: torch.dtype | None = None

    def forward(self, clip: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        out = self.layer(clip)
        self.dtype = out.dtype
        return out * scale


@pytest.fixture
def clip() -> torch.Tensor:
    return torch.rand(2, 1, 16, 16, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network() -> Probe:
    torch.manual_seed(0)
    return Probe()


def test_without_a_type_the_result_is_exactly_that_of_the_network(network, clip):
    logits = AutocastInferer()(clip, network)
    assert torch.equal(logits, network(clip)) and network.dtype == torch.float32


def test_without_a_type_an_outer_autocast_is_switched_off(network, clip):
    with torch.autocast("cpu", torch.bfloat16):
        logits = AutocastInferer(None)(clip, network)
    assert network.dtype == torch.float32 and torch.equal(logits, network(clip))


def test_bfloat16_runs_in_bfloat16_and_returns_float32(network, clip):
    logits = AutocastInferer("bfloat16")(clip, network)
    assert network.dtype == torch.bfloat16 and logits.dtype == torch.float32
    exact = network(clip)
    assert not torch.equal(logits, exact)
    torch.testing.assert_close(logits, exact, atol=0.02, rtol=0.02)  # 8 bits of mantissa: 0.4 %


def test_the_weights_stay_in_full_precision_and_get_full_precision_gradients(network, clip):
    AutocastInferer("bfloat16")(clip, network).square().mean().backward()
    assert all(p.dtype == p.grad.dtype == torch.float32 and p.grad.abs().sum() > 0 for p in network.parameters())


def test_further_arguments_reach_the_network_and_metadata_survive(network, clip):
    infer = AutocastInferer()
    torch.testing.assert_close(infer(clip, network, scale=2.0), 2 * infer(clip, network))
    logits = infer(MetaTensor(clip, affine=torch.diag(torch.tensor([0.3, 0.3, 1, 1]))), network)
    assert isinstance(logits, MetaTensor) and logits.affine[0, 0] == pytest.approx(0.3)


@pytest.mark.parametrize("dtype", ["float64", "half", "bf16", torch.bfloat16])
def test_an_unknown_type_is_refused(dtype):
    with pytest.raises(ValueError, match="dtype is .*expected 'bfloat16', 'float16', or None"):
        AutocastInferer(dtype)


SMALL = {"backbone": "resnet18", "width": 8, "key_channels": 8, "value_channels": 16, "decoder_width": 16}


@pytest.fixture
def gdkvm() -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(**SMALL).eval()


@pytest.mark.parametrize("infer", [AutocastInferer(), CorrectionInferer(), AutocastInferer("bfloat16")])
def test_a_marked_frame_is_background_and_leaves_the_memory_unchanged(gdkvm, clip, infer):
    marked = clip.clone()
    marked[0, ..., 1] = torch.nan
    with torch.no_grad():
        logits, plain = infer(marked, gdkvm), infer(clip, gdkvm)
        without = infer(clip[:1, ..., [0, 2]], gdkvm)
    assert logits.shape == plain.shape and logits.dtype == torch.float32
    assert (logits[0, ..., 1].softmax(0)[0] > 0.999).all()
    assert torch.equal(logits[:1, ..., [0, 2]], without)
    assert not torch.equal(logits[0, ..., 2], plain[0, ..., 2])
    torch.testing.assert_close(logits[1], plain[1], atol=0.02 if infer.dtype else 1e-5, rtol=0.02)


def test_a_clip_without_valid_frames_is_all_background(gdkvm, clip):
    with torch.no_grad():
        logits = AutocastInferer()(torch.full_like(clip, torch.nan), gdkvm)
    assert logits.shape == (2, 4, 16, 16, 3) and not logits.argmax(1).any()


def test_a_frame_with_a_single_nan_is_not_treated_as_marked(clip):
    clip[0, 0, 3, 3, 1] = torch.nan
    logits = AutocastInferer()(clip, nn.Conv3d(1, 4, 1))
    assert logits[0, :, 3, 3, 1].isnan().all() and logits.isnan().sum() == 4


def test_metadata_survive_marked_frames(network, clip):
    clip[0, ..., 1] = torch.nan
    affine = torch.diag(torch.tensor([0.3, 0.3, 1, 1]))
    logits = AutocastInferer()(MetaTensor(clip, affine=affine, meta={"name": "clip"}), network)
    assert isinstance(logits, MetaTensor) and logits.meta["name"] == "clip"


def test_a_correction_in_a_marked_frame_is_not_used_for_fitting(gdkvm, clip):
    correction = torch.full_like(clip, 255)
    correction[..., 1] = 1
    marked = torch.cat([clip, correction], dim=1)
    marked[..., 1] = torch.nan
    with torch.no_grad():
        logits = CorrectionInferer()(marked, gdkvm)
        without = AutocastInferer()(clip[..., [0, 2]], gdkvm)
    torch.testing.assert_close(logits[..., [0, 2]], without)


def test_the_network_gets_clips_without_metadata(clip):
    seen: list[type] = []

    def network(frames: torch.Tensor) -> torch.Tensor:
        seen.append(type(frames))
        return frames

    AutocastInferer()(MetaTensor(clip), network)
    assert seen == [torch.Tensor]


def test_a_network_in_training_mode_gets_marked_frames_so_that_its_loss_is_not_finite(gdkvm, clip):
    clip[0, ..., 1] = torch.nan
    logits = AutocastInferer()(clip, gdkvm.train())
    assert logits[0, ..., 1].isnan().all()
