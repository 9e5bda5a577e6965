"""Parts of a hierarchical transformer that see each frame alone: patches, self-attention, and feed-forward layers.

Reference: Xie et al., "SegFormer", NeurIPS 2021, https://arxiv.org/abs/2105.15203, Sec. 3.1, on which Vivim builds.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ConvolutionalFeedForward", "FrameAttention", "PatchEmbedding", "per_frame"]


def per_frame(module: nn.Module, clip: Tensor) -> Tensor:
    """Apply a 2-D module ``(B, C, h, w) -> (B, C', h', w')`` to each frame of a clip ``(B, T, h, w, C)``."""
    frames = module(clip.flatten(0, 1).permute(0, 3, 1, 2))
    return frames.permute(0, 2, 3, 1).unflatten(0, clip.shape[:2])


class PatchEmbedding(nn.Module):
    """Divide each frame of a clip ``(B, T, h, w, C)`` into overlapping patches ``(B, T, h / stride, w / stride, C')``.

    Args:
        in_channels: channels ``C``.
        out_channels: channels ``C'``.
        stride: distance of the patches; they measure ``2 * stride - 1``.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 2 * stride - 1, stride, padding=stride - 1)
        self.norm = nn.LayerNorm(out_channels)

    def forward(self, clip: Tensor) -> Tensor:
        """Return normalized patches."""
        return self.norm(per_frame(self.conv, clip))


class FrameAttention(nn.Module):
    """Self-attention among the tokens of each frame of a clip ``(B, T, h, w, C)``, with fewer keys than queries.

    Args:
        channels: channels ``C``, a multiple of ``heads``.
        heads: number of heads.
        reduction: stride of the convolution that shortens the sequence of keys and values by its square.
    """

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(channels, channels), nn.Linear(channels, 2 * channels)
        self.reduce = None
        if reduction > 1:
            conv = nn.Conv2d(channels, channels, reduction, reduction, padding=reduction // 2)
            self.reduce, self.norm = conv, nn.LayerNorm(channels)
        self.leave = nn.Linear(channels, channels)

    def forward(self, clip: Tensor) -> Tensor:
        """Return a clip of the same shape."""
        source = clip if self.reduce is None else self.norm(per_frame(self.reduce, clip))
        key, value = (self._to_heads(x) for x in self.key_value(source).chunk(2, dim=-1))
        mixed = F.scaled_dot_product_attention(self._to_heads(self.query(clip)), key, value)  # (B * T, heads, L, C')
        return self.leave(mixed.transpose(1, 2).flatten(2).reshape(clip.shape))

    def _to_heads(self, clip: Tensor) -> Tensor:
        return clip.flatten(0, 1).flatten(1, 2).unflatten(-1, (self.heads, -1)).transpose(1, 2)


class ConvolutionalFeedForward(nn.Module):
    """Feed-forward layers of a clip ``(B, T, h, w, C)`` with a depth-wise convolution of 3 in between.

    Without neighboring frames, it is SegFormer's Mix-FFN, whose zero padding also tells a token its position. With
    them, it is Vivim's detail-specific feed-forward: the kernel is 3x3x3, as three 2-D kernels whose results are
    shifted in time and summed, because ``channels_last`` weights of a network may have two spatial axes at most.

    Args:
        channels: channels ``C``.
        expansion: ratio of hidden channels to ``channels``.
        neighbors: whether the convolution includes the previous and the next frame.
    """

    def __init__(self, channels: int, expansion: int = 4, neighbors: bool = False) -> None:
        super().__init__()
        hidden = expansion * channels
        self.neighbors = neighbors
        self.enter = nn.Linear(channels, hidden)
        self.conv = nn.Conv2d(hidden, 3 * hidden if neighbors else hidden, 3, padding=1, groups=hidden)
        self.leave = nn.Linear(hidden, channels)

    def forward(self, clip: Tensor) -> Tensor:
        """Return a clip of the same shape."""
        detail = per_frame(self.conv, self.enter(clip))
        if self.neighbors:
            from_previous, own, from_next = detail.unflatten(-1, (-1, 3)).unbind(-1)
            earlier = F.pad(from_previous[:, :-1], (0, 0) * 3 + (1, 0))  # frame t receives from t - 1
            later = F.pad(from_next[:, 1:], (0, 0) * 3 + (0, 1))
            detail = earlier + own + later
        return self.leave(F.gelu(detail))
