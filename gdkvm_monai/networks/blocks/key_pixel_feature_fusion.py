"""Key-pixel feature fusion (GDKVM, Sec. 3.4, Eq. 6 and Fig. 4)."""

from __future__ import annotations

import torch
from monai.utils import look_up_option
from torch import Tensor, nn

__all__ = ["FUSIONS", "KeyPixelFeatureFusion"]

FUSIONS = ("none", "kpff", "pixel")
"""Without and with fusion, as in the paper's Table 3, and the pixel feature alone."""


class KeyPixelFeatureFusion(nn.Module):
    r"""Fuse a local, a global, and a pixel-level feature into keys.

    .. math::
        F_{Global} &= \mathrm{Expand}(\mathrm{GAP}(F_K)) \\
        G &= \sigma(\mathrm{Conv}_{gate}(F_K + F_{Global})) \\
        F_{fused} &= G \cdot (F_K + F_{Global}) + (1 - G) \cdot F_{Pix}

    Args:
        in_channels: channels of ``f16``.
        key_channels: channels ``K`` of the key and of the pixel feature.
        fusion: ``"kpff"``, ``"none"`` for the key projection alone, or ``"pixel"``, with which the pixel feature is the
            key, too.
    """

    def __init__(self, in_channels: int, key_channels: int = 64, fusion: str = "kpff") -> None:
        super().__init__()
        self.fusion = look_up_option(fusion, FUSIONS)
        projects = fusion != "pixel"
        self.key_projection = nn.Conv2d(in_channels, key_channels, 3, padding=1) if projects else nn.Identity()
        self.pixel_projection = nn.Conv2d(in_channels, key_channels, 1)
        self.gate = nn.Conv2d(key_channels, key_channels, 1) if fusion == "kpff" else nn.Identity()

    def forward(self, f16: Tensor) -> tuple[Tensor, Tensor]:
        """Return key and pixel feature, each ``(B, K, h, w)``, of an encoded frame ``(B, C16, h, w)``."""
        pixel = self.pixel_projection(f16)
        if self.fusion == "pixel":
            return pixel, pixel
        key = self.key_projection(f16)
        if self.fusion == "none":
            return key, pixel
        key = key + key.mean(dim=(2, 3), keepdim=True)
        gate = torch.sigmoid(self.gate(key))
        return gate * key + (1 - gate) * pixel, pixel
