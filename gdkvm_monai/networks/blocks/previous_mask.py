"""The previous mask, given to the decoder beside the features of the frame."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

__all__ = ["PreviousMask"]


class PreviousMask(nn.Module):
    """Add projections of the previous foreground probabilities to the features at strides 8 and 4.

    The memory holds the previous mask at stride 16 only. The projections start at zero, with which nothing is added.

    Args:
        num_foreground: number of foreground classes, ``N - 1``.
        feature_channels: channels of ``f8, f4``.
    """

    def __init__(self, num_foreground: int, feature_channels: tuple[int, int]) -> None:
        super().__init__()
        c8, c4 = feature_channels
        self.project8 = nn.Conv2d(num_foreground, c8, 3, padding=1, bias=False)
        self.project4 = nn.Conv2d(num_foreground, c4, 3, padding=1, bias=False)
        for projection in (self.project8, self.project4):
            nn.init.zeros_(projection.weight)

    def forward(self, f8: Tensor, f4: Tensor, foreground: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``f8, f4`` with the mask added, given the previous probabilities ``(B, N - 1, H, W)``."""
        return f8 + self.project8(avg_pool2d(foreground, 8)), f4 + self.project4(avg_pool2d(foreground, 4))
