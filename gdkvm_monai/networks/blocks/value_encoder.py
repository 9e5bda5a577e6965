"""Value encoder (GDKVM, Fig. 2): encodes a frame and the previous mask as values for the memory."""

from __future__ import annotations

import torch
from monai.networks.layers import get_norm_layer
from monai.networks.nets.resnet import ResNetBlock
from monai.utils import look_up_option
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from gdkvm_monai.networks.layers import StridedPointwiseConv2d, group_norm

__all__ = ["VALUE_ENCODERS", "ResNetValueEncoder", "SharedValueEncoder", "make_value_encoder"]

VALUE_ENCODERS = ("resnet18", "shared")
"""A second network on the frame (the paper's), or three convolutions on the features of the key encoder."""


def make_value_encoder(
    name: str, in_channels: int, feature_channels: tuple[int, int, int], sizes: tuple[int, int, int, int]
) -> nn.Module:
    """Build a value encoder.

    Args:
        name: one of :data:`VALUE_ENCODERS`.
        in_channels: channels of a frame.
        feature_channels: channels of ``f16, f8, f4``.
        sizes: ``num_foreground``, ``pixel_channels``, ``value_channels``, and ``width`` of the encoder.

    Raises:
        ValueError: if the name is unknown.
    """
    if look_up_option(name, VALUE_ENCODERS) == "shared":
        return SharedValueEncoder(feature_channels, *sizes)
    return ResNetValueEncoder(in_channels, *sizes)


def _stage(in_channels: int, channels: int, stride: int) -> nn.Sequential:
    """Build two residual blocks, the first of which may halve the size."""
    norm = group_norm(channels)
    shortcut: nn.Module | None = None
    if stride != 1 or in_channels != channels:
        shortcut = nn.Sequential(
            StridedPointwiseConv2d(in_channels, channels, 1, stride, bias=False), get_norm_layer(norm, spatial_dims=2)
        )
    first = ResNetBlock(in_channels, channels, spatial_dims=2, stride=stride, downsample=shortcut, norm=norm)
    return nn.Sequential(first, ResNetBlock(channels, channels, spatial_dims=2, norm=norm))


class ResNetValueEncoder(nn.Module):
    """ResNet-18 to stride 16 on a frame and the previous foreground probabilities, fused with the pixel feature.

    It uses group normalization because frames that follow a mask and frames that do not have different statistics,
    which a running mean would mix.

    Args:
        in_channels: channels of a frame.
        num_foreground: number of foreground classes, ``N - 1``.
        pixel_channels: channels of the pixel feature.
        value_channels: channels ``V`` of the values.
        width: channels of the stem.
    """

    def __init__(
        self, in_channels: int, num_foreground: int, pixel_channels: int, value_channels: int = 256, width: int = 64
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels + num_foreground, width, 7, stride=2, padding=3, bias=False),
            get_norm_layer(group_norm(width), spatial_dims=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.stages = nn.Sequential(
            _stage(width, width, 1), _stage(width, 2 * width, 2), _stage(2 * width, 4 * width, 2)
        )
        self.fuse = nn.Conv2d(4 * width + pixel_channels, value_channels, 3, padding=1)

    def forward(self, frame: Tensor, foreground: Tensor, pixel: Tensor, f16: Tensor, f8: Tensor, f4: Tensor) -> Tensor:
        """Encode one frame.

        Args:
            frame: frame, ``(B, C, H, W)``.
            foreground: probabilities of the foreground classes in the previous frame, ``(B, N - 1, H, W)``.
            pixel: pixel feature of this frame, ``(B, K, h, w)``.
            f16: not used; :class:`SharedValueEncoder` uses ``f16``, ``f8``, and ``f4`` instead of the frame.
            f8: not used.
            f4: not used.

        Returns:
            Values, ``(B, V, h, w)``.
        """
        encoded = self.stages(self.stem(torch.cat([frame, foreground], dim=1)))
        return self.fuse(torch.cat([encoded, pixel], dim=1))


class SharedValueEncoder(nn.Module):
    """Three convolutions on the key encoder's features and the previous foreground probabilities, pooled to stride 4.

    A second network on the frame would cost more than the rest of a light network.

    Args:
        feature_channels: channels of ``f16, f8, f4``.
        num_foreground: number of foreground classes, ``N - 1``.
        pixel_channels: channels of the pixel feature.
        value_channels: channels ``V`` of the values.
        width: channels after the first convolution; twice as many after the second.
    """

    def __init__(
        self,
        feature_channels: tuple[int, int, int],
        num_foreground: int,
        pixel_channels: int,
        value_channels: int = 128,
        width: int = 64,
    ) -> None:
        super().__init__()
        c16, c8, c4 = feature_channels
        self.down8 = _halve(c4 + num_foreground, width)
        self.down16 = _halve(width + c8, 2 * width)
        self.fuse = nn.Conv2d(2 * width + c16 + pixel_channels, value_channels, 3, padding=1)

    def forward(self, frame: Tensor, foreground: Tensor, pixel: Tensor, f16: Tensor, f8: Tensor, f4: Tensor) -> Tensor:
        """Encode one frame.

        Args:
            frame: not used; its features replace it.
            foreground: probabilities of the foreground classes in the previous frame, ``(B, N - 1, H, W)``.
            pixel: pixel feature of this frame, ``(B, K, h, w)``.
            f16: features at stride 16, ``(B, C16, h, w)``.
            f8: features at stride 8.
            f4: features at stride 4.

        Returns:
            Values, ``(B, V, h, w)``.
        """
        x = self.down8(torch.cat([f4, avg_pool2d(foreground, 4)], dim=1))
        x = self.down16(torch.cat([x, f8], dim=1))
        return self.fuse(torch.cat([x, f16, pixel], dim=1))


def _halve(in_channels: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, stride=2, padding=1, bias=False),
        get_norm_layer(group_norm(channels), spatial_dims=2),
        nn.ReLU(inplace=True),
    )
