from __future__ import annotations

import pytest
import torch

from gdkvm_monai.networks.blocks import KeyEncoder, load_imagenet_weights

BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}


def norm(name: str, channels: int) -> dict[str, torch.Tensor]:
    """A batch normalization's entries."""
    entries = {f"{name}.{part}": torch.rand(channels) for part in ("weight", "bias", "running_mean", "running_var")}
    return entries | {f"{name}.num_batches_tracked": torch.tensor(7)}


def imagenet_state_dict(backbone: str) -> dict[str, torch.Tensor]:
    """Random weights under the names and shapes of torchvision's ResNets, written out from their published layout."""
    bottleneck, weights, channels = backbone == "resnet50", {}, 64
    weights |= {"conv1.weight": torch.randn(64, 3, 7, 7)} | norm("bn1", 64)
    for stage, count in enumerate(BLOCKS[backbone]):
        planes = 64 * 2**stage
        out = planes * (4 if bottleneck else 1)
        for block in range(count):
            name, stride = f"layer{stage + 1}.{block}", 2 if stage and not block else 1
            shapes = [(planes, channels, 1), (planes, planes, 3), (out, planes, 1)]
            shapes = shapes if bottleneck else [(planes, channels, 3), (planes, planes, 3)]
            for i, (c_out, c_in, size) in enumerate(shapes):
                weights |= {f"{name}.conv{i + 1}.weight": torch.randn(c_out, c_in, size, size)}
                weights |= norm(f"{name}.bn{i + 1}", c_out)
            if stride == 2 or channels != out:
                weights |= {f"{name}.downsample.0.weight": torch.randn(out, channels, 1, 1)}
                weights |= norm(f"{name}.downsample.1", out)
            channels = out
    return weights | {"fc.weight": torch.randn(1000, channels), "fc.bias": torch.randn(1000)}


@pytest.mark.parametrize("backbone", BLOCKS)
def test_every_weight_up_to_stride_16_arrives_under_its_own_name(backbone):
    encoder, weights = KeyEncoder(in_channels=3, backbone=backbone), imagenet_state_dict(backbone)
    load_imagenet_weights(encoder, weights)
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, weights[name]), name


@pytest.mark.parametrize("channels", [1, 2])
def test_gray_channels_see_a_picture_as_three_equal_color_channels_would(channels):
    weights, picture = imagenet_state_dict("resnet18"), torch.randn(1, 1, 32, 32)
    color, gray = KeyEncoder(3, "resnet18"), KeyEncoder(channels, "resnet18")
    load_imagenet_weights(color, weights)
    load_imagenet_weights(gray, weights)
    expected, seen = color.conv1(picture.expand(-1, 3, -1, -1)), gray.conv1(picture.expand(-1, channels, -1, -1))
    torch.testing.assert_close(seen, expected, atol=1e-4, rtol=1e-4)


def test_weights_of_another_depth_or_width_are_refused_before_anything_is_loaded():
    encoder = KeyEncoder(backbone="resnet50")
    before = encoder.state_dict()["conv1.weight"].clone()
    with pytest.raises(ValueError, match="do not fit the key encoder, for example at 'layer1.0.bn3"):
        load_imagenet_weights(encoder, imagenet_state_dict("resnet18"))
    assert torch.equal(encoder.state_dict()["conv1.weight"], before)
    with pytest.raises(ValueError, match="width 64"):
        load_imagenet_weights(KeyEncoder(backbone="resnet18", width=32), imagenet_state_dict("resnet18"))
