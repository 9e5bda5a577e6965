"""After a correction, later frames follow it and earlier ones stay; without one, nothing changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from torch import nn

from gdkvm_monai.data import phantom_datalist
from gdkvm_monai.inferers import AutocastInferer, CorrectionInferer, segment_with_correction
from gdkvm_monai.labels import UNLABELED
from gdkvm_monai.networks.nets import GDKVM
from gdkvm_monai.transforms import LoadImageClipd

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"


@pytest.fixture
def network() -> GDKVM:
    torch.manual_seed(0)
    return GDKVM(backbone="resnet18", width=8, key_channels=8, value_channels=16, decoder_width=16).eval()


@pytest.fixture
def clip() -> torch.Tensor:
    return torch.rand(1, 1, 32, 32, 5, generator=torch.Generator().manual_seed(0))


def correction(*frames: int, length: int = 5) -> torch.Tensor:
    """A square of class 1 inside one of class 2 in some frames."""
    label = torch.full((1, 1, 32, 32, length), float(UNLABELED))
    for frame in frames:
        label[..., frame] = 0
        label[:, :, 8:24, 8:24, frame] = 2
        label[:, :, 12:20, 12:20, frame] = 1
    return label


def test_without_a_correction_the_result_equals_that_of_the_plain_inferer_bit_for_bit(network, clip):
    with torch.no_grad():
        plain = AutocastInferer()(clip, network)
        assert torch.equal(CorrectionInferer()(clip, network), plain)
        empty = torch.cat([clip, correction()], dim=1)  # the channel is there, but no frame is corrected
        assert torch.equal(CorrectionInferer()(empty, network), plain)


def test_earlier_frames_stay_the_corrected_frame_is_the_drawing_and_later_frames_change(network, clip):
    with torch.no_grad():
        plain, label = network(clip), correction(2)
        corrected = CorrectionInferer()(torch.cat([clip, label], dim=1), network)
    assert torch.equal(corrected[..., :2], plain[..., :2])
    assert torch.equal(corrected[..., 2].argmax(dim=1, keepdim=True).float(), label[..., 2])
    assert all(not torch.equal(corrected[..., t], plain[..., t]) for t in (3, 4))


def test_later_frames_move_closer_to_the_drawing(network):
    still = torch.rand(1, 1, 32, 32, 1, generator=torch.Generator().manual_seed(1)).expand(1, 1, 32, 32, 5)
    truth = correction(0)[..., 0].long()[:, 0]
    with torch.no_grad():
        plain, corrected = network(still), segment_with_correction(network, still, correction(0))
    before, after = (nn.functional.cross_entropy(logits[..., 4], truth) for logits in (plain, corrected))
    assert after < 0.9 * before


def test_a_second_correction_keeps_the_frames_before_it_as_the_first_one_left_them(network, clip):
    with torch.no_grad():
        one, both = (segment_with_correction(network, clip, correction(*frames)) for frames in ((1,), (1, 3)))
    assert torch.equal(one[..., :3], both[..., :3]) and not torch.equal(one[..., 4], both[..., 4])
    assert torch.equal(both[..., 3].argmax(dim=1, keepdim=True).float(), correction(3)[..., 3])


def test_the_network_is_unchanged_and_the_result_is_reproducible(network, clip):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        first, second = (segment_with_correction(network, clip, correction(1)) for _ in range(2))
    assert torch.equal(first, second) and not first.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_bfloat16_works_and_returns_float32(network, clip):
    with torch.no_grad():
        logits = CorrectionInferer("bfloat16")(torch.cat([clip, correction(1)], dim=1), network)
    assert logits.dtype == torch.float32 and bool(logits.isfinite().all())


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (correction(1)[..., :4], "the clip has shape .* the correction .*expected"),
        (correction(1) + (correction(1) == 2) * 5, r"the correction has the values \[7.0\], expected 0 to 3"),
        (torch.where(correction(1) == 1, float(UNLABELED), correction(1)), "must be fully labeled"),
    ],
)
def test_a_correction_that_does_not_match_is_refused(network, clip, label, message):
    with pytest.raises(ValueError, match=message):
        segment_with_correction(network, clip, label)


def test_a_network_without_a_memory_cannot_carry_a_correction(clip):
    with pytest.raises(TypeError, match="a Conv3d has no memory to carry a correction; use a GDKVM"):
        CorrectionInferer()(torch.cat([clip, correction(1)], dim=1), nn.Conv3d(1, 4, 1))


@pytest.mark.slow
def test_one_corrected_frame_raises_the_dice_of_all_later_ones(tmp_path):
    """A network trained for some minutes; the clips are noisier than those that it was trained on."""
    workflow = ConfigWorkflow(
        config_file=[str(CONFIGS / name) for name in ("train.json", "phantom.yaml", "small_network.yaml")],
        workflow_type="train",
        bundle_root=str(tmp_path),
        dataset_dir=str(tmp_path / "phantom"),
        logging_file=False,
        num_patients=[24, 6, 6],
        phantom_size=[96, 96],
        frame_size=[64, 64],
        learning_rate=3e-3,
    )
    workflow.initialize()
    workflow.run()
    network = workflow.parser.get_parsed_content("network").cpu().eval()
    scores = np.array(
        [_later_dice(network, item) for item in phantom_datalist(tmp_path / "phantom", "testing", generate=False)]
    )
    plain, state_only, fitted = scores.mean(axis=0)
    print(f"mean Dice of the frames after the first: {plain:.4f}, state only {state_only:.4f}, corrected {fitted:.4f}")
    assert fitted > plain + 0.005


def _later_dice(network: GDKVM, item: dict) -> list[float]:
    """Mean Dice of the frames after the first: plain, and after a correction of the first without and with fitting."""
    loaded = LoadImageClipd(["image", "label"])({key: item[key] for key in ("image", "label")})
    clip, label = (torch.as_tensor(loaded[key])[None].float() for key in ("image", "label"))
    shape = (64, 64, clip.shape[-1])
    clip = nn.functional.interpolate(clip, shape, mode="trilinear") / 255
    clip = (clip + 0.5 * torch.rand(clip.shape, generator=torch.Generator().manual_seed(0))) / 2
    label = nn.functional.interpolate(label, shape, mode="nearest-exact")
    known = torch.full_like(label, UNLABELED)
    known[..., 0] = label[..., 0]
    with torch.no_grad():
        logits = [network(clip), *(segment_with_correction(network, clip, known, steps) for steps in (0, 30))]
    return [_dice(x.argmax(1, keepdim=True)[..., 1:], label[..., 1:]) for x in logits]


def _dice(mask: torch.Tensor, label: torch.Tensor) -> float:
    pairs = [(mask == value, label == value) for value in (1, 2, 3)]
    return float(np.mean([2 * int((a & b).sum()) / int(a.sum() + b.sum()) for a, b in pairs]))
