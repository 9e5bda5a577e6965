"""The Temporal Mamba Block (Vivim, Fig. 2b and Eq. 5): one scale of the encoder."""

from __future__ import annotations

from dataclasses import dataclass

from monai.networks.layers import DropPath
from torch import Tensor, nn

from gdkvm_monai.networks.blocks.frame_transformer import ConvolutionalFeedForward, FrameAttention, PatchEmbedding
from gdkvm_monai.networks.blocks.spatiotemporal_mamba import SpatiotemporalMamba

__all__ = ["Scale", "TemporalMambaBlock"]


@dataclass(frozen=True)
class Scale:
    """Sizes of one scale of the encoder.

    Attributes:
        channels: channels of the tokens.
        stride: stride of the patch embedding, relative to the finer scale.
        heads: heads of the self-attention.
        reduction: see :class:`~gdkvm_monai.networks.blocks.FrameAttention`.
        attentions: number of self-attention layers.
        scans: number of Mamba layers.
    """

    channels: int
    stride: int
    heads: int
    reduction: int
    attentions: int
    scans: int


class TemporalMambaBlock(nn.Module):
    """Embed patches, mix within each frame by self-attention, then across the clip by selective scans.

    Args:
        in_channels: channels of the finer scale.
        scale: sizes.
        directions: scan directions; without any, there are no Mamba layers.
        states: states per channel of a scan.
        stochastic_depth: probability that a layer is skipped in training.
    """

    def __init__(
        self, in_channels: int, scale: Scale, directions: tuple[str, ...], states: int, stochastic_depth: float = 0.0
    ) -> None:
        super().__init__()
        channels = scale.channels
        self.embed = PatchEmbedding(in_channels, channels, scale.stride)
        layers: list[nn.Module] = []
        for _ in range(scale.attentions):
            layers += [FrameAttention(channels, scale.heads, scale.reduction), ConvolutionalFeedForward(channels)]
        for _ in range(scale.scans if directions else 0):
            layers.append(SpatiotemporalMamba(channels, directions, states))
            layers.append(ConvolutionalFeedForward(channels, neighbors=True))
        self.layers = nn.ModuleList(layers)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in layers)
        self.skip = DropPath(stochastic_depth)
        self.norm = nn.LayerNorm(channels)

    def forward(self, clip: Tensor) -> Tensor:
        """Return tokens ``(B, T, h', w', C')`` of a clip ``(B, T, h, w, C)``."""
        clip = self.embed(clip)
        for norm, layer in zip(self.norms, self.layers):
            clip = clip + self.skip(layer(norm(clip)))
        return self.norm(clip)
