"""Encoder and decoder of MONAI's U-Net, with the readout of the memory beside its deepest features."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from monai.networks.blocks import Convolution, ResidualUnit
from torch import Tensor, nn

__all__ = ["UNetDecoder", "UNetKeyEncoder", "unet_parts"]

FRAME_BY_FRAME = "network.model."
"""Where :class:`~gdkvm_monai.networks.nets.FrameByFrame` has the layers of a U-Net."""

INSIDE = "1.submodule."
"""Where a level of MONAI's U-Net has all deeper levels; its own layers are ``0``, down, and ``2``, up."""


class UNetKeyEncoder(nn.Module):
    """The contracting path of MONAI's ``UNet`` with two convolutions in a residual unit and strides 2, to stride 16.

    Args:
        in_channels: channels of a frame.
        width: twice the channels at stride 2, which double with every level; 64 for MONAI's channels 32 to 512.
        dropout: probability that a value after any of the convolutions is dropped in training.

    Attributes:
        channels: channels of ``f16, f8, f4, f2``; ``f16`` has the last two levels, both at stride 16.
    """

    def __init__(self, in_channels: int = 1, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        c2, c4, c8, c16, bottom = (width // 2 * 2**level for level in range(5))
        self.down2 = _down(in_channels, c2, dropout)
        self.down4 = _down(c2, c4, dropout)
        self.down8 = _down(c4, c8, dropout)
        self.down16 = _down(c8, c16, dropout)
        self.bottom = _down(c16, bottom, dropout, stride=1)
        self.channels = (c16 + bottom, c8, c4, c2)

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Encode frames ``(B, C, H, W)`` into ``f16, f8, f4, f2``, each named after its stride."""
        f2 = self.down2(frame)
        f4 = self.down4(f2)
        f8 = self.down8(f4)
        f16 = self.down16(f8)
        return torch.cat([f16, self.bottom(f16)], dim=1), f8, f4, f2


class UNetDecoder(nn.Module):
    """The expanding path of MONAI's ``UNet``, which begins at ``f16`` and a projection of readout and pixel feature.

    The projection starts at zero, with which the U-Net's logits are those of the frame alone.

    Args:
        out_channels: number of classes ``N``, including background.
        value_channels: channels ``V`` of the readout.
        pixel_channels: channels of the pixel feature.
        skip_channels: channels of ``f8, f4, f2``.
        deep_channels: channels of ``f16``.
        dropout: probability that a value after any of the convolutions is dropped in training.
    """

    def __init__(
        self,
        out_channels: int,
        value_channels: int,
        pixel_channels: int,
        skip_channels: tuple[int, int, int],
        deep_channels: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        c8, c4, c2 = skip_channels
        self.remember = nn.Conv2d(value_channels + pixel_channels, deep_channels, 1)
        nn.init.zeros_(self.remember.weight)
        nn.init.zeros_(self.remember.bias)
        self.up8 = _up(deep_channels, c8, dropout)
        self.up4 = _up(2 * c8, c4, dropout)
        self.up2 = _up(2 * c4, c2, dropout)
        self.up1 = _up(2 * c2, out_channels, dropout, last=True)

    def forward(
        self, readout: Tensor, pixel: Tensor, f16: Tensor, f8: Tensor, f4: Tensor, f2: Tensor, frame: Tensor
    ) -> Tensor:
        """Return logits ``(B, N, H, W)``; arguments as in :meth:`Decoder.forward`, but the frame is not used."""
        x = self.up8(f16 + self.remember(torch.cat([readout, pixel], dim=1)))
        x = self.up4(torch.cat([f8, x], dim=1))
        x = self.up2(torch.cat([f4, x], dim=1))
        return self.up1(torch.cat([f2, x], dim=1))


def unet_parts(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of a frame-by-frame ``UNet`` of five levels to those of a GDKVM with its encoder and decoder.

    Args:
        state_dict: weights of :class:`~gdkvm_monai.networks.nets.FrameByFrame` with a ``UNet``.

    Raises:
        ValueError: if the weights are of another network.
    """
    levels = {FRAME_BY_FRAME + 3 * INSIDE + "1.submodule.": "key_encoder.bottom."}
    for level, (down, up) in enumerate((("down2", "up1"), ("down4", "up2"), ("down8", "up4"), ("down16", "up8"))):
        start = FRAME_BY_FRAME + level * INSIDE
        levels |= {f"{start}0.": f"key_encoder.{down}.", f"{start}2.": f"decoder.{up}."}
    renamed = {}
    for name, value in state_dict.items():
        start = next((start for start in levels if name.startswith(start)), None)
        if start is None:
            raise ValueError(f"{name!r} is no weight of a frame-by-frame UNet of five levels; pass those of unet.yaml.")
        renamed[levels[start] + name.removeprefix(start)] = value
    return renamed


def _down(in_channels: int, channels: int, dropout: float, stride: int = 2) -> nn.Module:
    return ResidualUnit(2, in_channels, channels, strides=stride, subunits=2, dropout=dropout)


def _up(in_channels: int, channels: int, dropout: float, last: bool = False) -> nn.Module:
    """Build one level; the last one ends in a convolution alone."""
    enlarge = Convolution(2, in_channels, channels, strides=2, dropout=dropout, is_transposed=True)
    return nn.Sequential(enlarge, ResidualUnit(2, channels, channels, subunits=1, dropout=dropout, last_conv_only=last))
