"""Decoder (GDKVM, Fig. 2): from the readout of the memory to logits at full resolution."""

from __future__ import annotations

import torch
from monai.networks.nets.resnet import ResNetBlock
from monai.utils import look_up_option
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gdkvm_monai.networks.blocks.unet import UNetDecoder
from gdkvm_monai.networks.layers import group_norm

__all__ = ["DECODERS", "Decoder", "LightDecoder", "make_decoder"]

DECODERS = ("full", "light", "unet")
"""Decoders with logits at full resolution, at stride 2, and that of MONAI's U-Net."""


def make_decoder(
    name: str,
    channels: tuple[int, int, int, tuple[int, int, int, int]],
    in_channels: int,
    width: int,
    dropout: float = 0.0,
    deep_supervision: bool = False,
) -> nn.Module:
    """Build a decoder.

    Args:
        name: one of :data:`DECODERS`.
        channels: ``out_channels``, ``value_channels``, ``pixel_channels``, and those of ``f16, f8, f4, f2``.
        in_channels: channels of a frame, for the full decoder.
        width: channels at stride 16; not used by the U-Net's decoder.
        dropout: probability of dropout, see the decoders.
        deep_supervision: for the light decoder.

    Raises:
        ValueError: if the name is unknown.
    """
    (*sizes, (c16, *skips)), kind = channels, look_up_option(name, DECODERS)
    if kind == "light":
        return LightDecoder(*sizes, skips, width, dropout, deep_supervision)
    if kind == "unet":
        return UNetDecoder(*sizes, skips, c16, dropout)
    return Decoder(*sizes, skips, in_channels, width, dropout)


class UpBlock(nn.Module):
    """Double the size, add a projected skip feature, and refine."""

    def __init__(
        self,
        in_channels: int,
        skip_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        norm: str | tuple | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.project = nn.Conv2d(in_channels, out_channels, 1)
        self.skip = nn.Conv2d(skip_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.refine = ResNetBlock(out_channels, out_channels, spatial_dims=2, norm=norm or group_norm(out_channels))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        # both steps are linear, so projecting first gives the same result at a quarter of the cost
        x = _enlarge(self.project(x), 2)
        return self.drop(self.refine(x + self.drop(self.skip(skip))))


class Decoder(nn.Module):
    """Fuse the readout with the pixel feature, then upsample with skips at strides 8, 4, and 2 to full resolution.

    The fine strides are worth their cost, see ``docs/decisions.md``; they have few channels.

    Args:
        out_channels: number of classes ``N``, including background.
        value_channels: channels ``V`` of the readout.
        pixel_channels: channels of the pixel feature.
        skip_channels: channels of ``f8, f4, f2``.
        in_channels: channels of a frame, which is the last skip.
        width: channels at stride 16; halved at each finer stride.
        dropout: probability that a channel of the fused stride-16 feature is dropped in training.
    """

    def __init__(
        self,
        out_channels: int,
        value_channels: int,
        pixel_channels: int,
        skip_channels: tuple[int, int, int],
        in_channels: int = 1,
        width: int = 256,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        c8, c4, c2 = skip_channels
        self.fuse = nn.Sequential(
            nn.Conv2d(value_channels + pixel_channels, width, 3, padding=1),
            ResNetBlock(width, width, spatial_dims=2, norm=group_norm(width)),
            nn.Dropout2d(dropout),
        )
        self.up8 = UpBlock(width, c8, width // 2)
        self.up4 = UpBlock(width // 2, c4, width // 4)
        self.up2 = UpBlock(width // 4, c2, width // 8)
        self.up1 = UpBlock(width // 8, in_channels, width // 16, kernel_size=3)  # raw pixels need a neighborhood
        self.classify = nn.Conv2d(width // 16, out_channels, 1)

    def forward(
        self, readout: Tensor, pixel: Tensor, f16: Tensor, f8: Tensor, f4: Tensor, f2: Tensor, frame: Tensor
    ) -> Tensor:
        """Return logits ``(B, N, H, W)`` of a frame ``(B, C, H, W)``; readout and pixel are ``(B, V | K, h, w)``.

        ``f16`` is not used; the pixel feature is its projection.
        """
        x = self.up8(self.fuse(torch.cat([readout, pixel], dim=1)), f8)
        x = self.up4(x, f4)
        x = self.up2(x, f2)
        x = self.up1(x, frame)
        return self.classify(x)


class LightDecoder(nn.Module):
    """A narrow decoder with batch normalization whose logits at stride 2 are upsampled bilinearly.

    Deep supervision adds linear classifiers at strides 4 and 8. In training, :meth:`forward` then stacks their
    upsampled logits after the decoder's own on a new axis, like MONAI's ``DynUNet``; in ``eval`` the output does not
    change.

    Args:
        out_channels: number of classes ``N``, including background.
        value_channels: channels ``V`` of the readout.
        pixel_channels: channels of the pixel feature.
        skip_channels: channels of ``f8, f4, f2``.
        width: channels at stride 16; 3/4, 1/2, and 1/4 as many at strides 8, 4, and 2.
        dropout: probability that a value of the fused feature, of a projected skip feature, or of the output of a
            block is dropped in training.
        deep_supervision: whether to also supervise strides 4 and 8.
    """

    def __init__(
        self,
        out_channels: int,
        value_channels: int,
        pixel_channels: int,
        skip_channels: tuple[int, int, int],
        width: int = 128,
        dropout: float = 0.0,
        deep_supervision: bool = False,
    ) -> None:
        super().__init__()
        c8, c4, c2 = skip_channels
        w8, w4, w2 = 3 * width // 4, width // 2, width // 4
        self.deep_supervision = deep_supervision
        self.fuse = nn.Sequential(
            nn.Conv2d(value_channels + pixel_channels, width, 3, padding=1),
            ResNetBlock(width, width, spatial_dims=2, norm="batch"),
            nn.Dropout(dropout),
        )
        self.up8 = UpBlock(width, c8, w8, norm="batch", dropout=dropout)
        self.up4 = UpBlock(w8, c4, w4, norm="batch", dropout=dropout)
        self.up2 = UpBlock(w4, c2, w2, norm="batch", dropout=dropout)
        self.classify = nn.Conv2d(w2, out_channels, 1)
        self.classify4 = nn.Conv2d(w4, out_channels, 1) if deep_supervision else nn.Identity()
        self.classify8 = nn.Conv2d(w8, out_channels, 1) if deep_supervision else nn.Identity()

    def forward(
        self, readout: Tensor, pixel: Tensor, f16: Tensor, f8: Tensor, f4: Tensor, f2: Tensor, frame: Tensor
    ) -> Tensor:
        """Return logits ``(B, N, H, W)``; arguments as in :meth:`Decoder.forward`, but the frame is not used.

        In training with deep supervision, return ``(B, 3, N, H, W)``, from strides 2, 4, and 8.
        """
        x8 = self.up8(self.fuse(torch.cat([readout, pixel], dim=1)), f8)
        x4 = self.up4(x8, f4)
        logits = _enlarge(self.classify(self.up2(x4, f2)), 2)
        if self.training and self.deep_supervision:
            coarse = [_enlarge(self.classify4(x4), 4), _enlarge(self.classify8(x8), 8)]
            return torch.stack([logits, coarse[0], coarse[1]], dim=1)
        return logits


def _enlarge(x: Tensor, factor: int) -> Tensor:
    return interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)
