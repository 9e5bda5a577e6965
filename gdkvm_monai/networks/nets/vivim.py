"""Vivim: video segmentation with selective scans over space and time (the paper's Fig. 2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.data import MetaTensor
from monai.utils import look_up_option
from torch import Tensor, nn
from torch.nn import functional as F

from gdkvm_monai.networks.blocks import ABLATIONS, BoundaryHead, MultiscaleHead, Scale, TemporalMambaBlock
from gdkvm_monai.networks.nets.clip_check import check_clip

__all__ = ["Vivim"]

STRIDES = (4, 2, 2, 2)
HEADS = (1, 2, 5, 8)
REDUCTIONS = (8, 4, 2, 1)


class Vivim(nn.Module):
    """Segment whole clips: every frame is seen in the context of all earlier and later ones.

    There is no ``step``, because a frame's result depends on later frames; a stream needs
    :class:`~gdkvm_monai.networks.nets.GDKVM`.

    Args:
        in_channels: channels of a frame.
        out_channels: number of classes ``N``, including background.
        widths: channels at strides 4, 8, 16, and 32, multiples of 1, 2, 5, and 8.
        depths: number of self-attention layers at each stride.
        scan_depths: number of Mamba layers at each stride.
        states: states per channel of a scan.
        head_width: channels of the heads.
        ablation: ``"basic"`` (no Mamba layers), ``"C1"`` (scans forward in time), ``"C2"`` (and backward), ``"C3"``
            (and along space), or ``"full"`` (and a boundary head in training), the rows of the paper's Table III.
        dropout: probability that a channel of the fused feature is dropped in training.
        stochastic_depth: probability that a layer is skipped in training.

    Attributes:
        options: all arguments by name, for the model card of the weights.

    Raises:
        ValueError: if there are fewer than two classes, not four sizes of a kind, or channels that cannot be divided.

    References:
        Yang et al., "Vivim: a Video Vision Mamba for Medical Video Segmentation", 2024,
        https://arxiv.org/abs/2401.14168.

    Example:
        >>> net = Vivim(widths=[4, 8, 10, 16], head_width=8).eval()
        >>> net(torch.rand(1, 1, 32, 48, 3)).shape
        torch.Size([1, 4, 32, 48, 3])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 4,
        widths: Sequence[int] = (32, 64, 160, 256),
        depths: Sequence[int] = (2, 2, 2, 2),
        scan_depths: Sequence[int] = (1, 1, 1, 1),
        states: int = 16,
        head_width: int = 128,
        ablation: str = "full",
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
    ) -> None:
        options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__()
        self.options = {k: list(v) if isinstance(v, Sequence) and k != "ablation" else v for k, v in options.items()}
        self._check_options()
        self.in_channels, self.out_channels = in_channels, out_channels
        directions = look_up_option(ablation, ABLATIONS)
        scales = [Scale(*sizes) for sizes in zip(widths, STRIDES, HEADS, REDUCTIONS, depths, scan_depths)]
        finer = [in_channels, *widths[:-1]]
        self.blocks = nn.ModuleList(
            TemporalMambaBlock(channels, scale, directions, states, stochastic_depth)
            for channels, scale in zip(finer, scales)
        )
        self.head = MultiscaleHead(widths, head_width, out_channels, dropout)
        self.boundary_head = BoundaryHead(widths[0], head_width // 4 or 1) if ablation == "full" else None

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; returns logits ``(B, N, H, W, T)``.

        In training with the boundary head, returns ``(B, N + 1, H, W, T)``: the last channel is the boundary's logit.

        Raises:
            TypeError: if the clip is not a tensor of floats.
            ValueError: if the clip has another shape or no frame, or its size is not a multiple of 16.
        """
        check_clip(clip, self.in_channels)
        tokens, features = clip.as_subclass(Tensor).permute(0, 4, 2, 3, 1), []  # (B, T, H, W, C)
        for block in self.blocks:
            tokens = block(tokens)
            features.append(tokens.flatten(0, 1).permute(0, 3, 1, 2))  # (B * T, C, h, w)
        logits = self.head(features)
        if self.training and self.boundary_head is not None:
            logits = torch.cat([logits, self.boundary_head(features[0])], dim=1)
        logits = F.interpolate(logits, scale_factor=4, mode="bilinear", align_corners=False)
        logits = logits.unflatten(0, (clip.shape[0], -1)).movedim(1, -1)
        return MetaTensor(logits).copy_meta_from(clip) if isinstance(clip, MetaTensor) else logits

    def _check_options(self) -> None:
        for name in ("widths", "depths", "scan_depths"):
            if len(self.options[name]) != len(STRIDES):
                raise ValueError(f"{name} is {self.options[name]}, expected four numbers, one per stride; correct it.")
        for width, heads in zip(self.options["widths"], HEADS):
            if width < 1 or width % heads != 0:
                raise ValueError(f"widths has {width}, expected a multiple of its {heads} heads; correct it.")
        for name, least in (("in_channels", 1), ("out_channels", 2), ("states", 1), ("head_width", 1)):
            if self.options[name] < least:
                raise ValueError(f"{name} is {self.options[name]}, expected at least {least}; correct it.")
