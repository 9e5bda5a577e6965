"""Mirrored and magnified versions of a clip, whose predictions can be laid over the original again."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

__all__ = ["Version"]

LATERAL = 2
"""Axis of clips ``(B, C, H, W, T)`` and frames ``(B, C, H, W)`` along which a mirror swaps left and right."""


@dataclass(frozen=True)
class Version:
    """A mirror image or magnification of all frames of a clip, about their center and on the same grid.

    Attributes:
        mirrored: whether left and right are swapped, along ``H``; depth is along ``W``.
        scale: magnification; below 1, the whole frame is seen with black around it, above 1 only its center.

    Example:
        >>> clip = torch.rand(1, 1, 16, 16, 3)
        >>> mirror = Version(mirrored=True, scale=1.0)
        >>> torch.equal(mirror.undo(mirror.apply(clip)), clip)
        True
    """

    mirrored: bool
    scale: float

    def apply(self, images: Tensor) -> Tensor:
        """Return this version of a clip ``(B, C, H, W, T)`` or of frames ``(B, C, H, W)``."""
        return self._mirror(_magnify(images, self.scale, "zeros"))

    def undo(self, predictions: Tensor) -> Tensor:
        """Return predictions for this version on the grid of the original; see :meth:`seen` for the pixels to use."""
        return _magnify(self._mirror(predictions), 1 / self.scale, "border")

    def seen(self, like: Tensor) -> Tensor:
        """Return which pixels this version has, ``(H, W, 1)`` for clips and ``(H, W)`` for frames."""
        lateral, depth = (_inside(length, self.scale, like.device) for length in like.shape[2:4])
        seen = lateral[:, None] & depth
        return seen if like.dim() == 4 else seen[..., None]

    def _mirror(self, images: Tensor) -> Tensor:
        return images.flip(LATERAL) if self.mirrored else images


def _inside(length: int, scale: float, device: torch.device) -> Tensor:
    """Return which pixels of an axis remain inside of it after a magnification about its center."""
    position = (2 * torch.arange(length, device=device) + 1) / length - 1  # pixel centers, the edges are -1 and 1
    return (position * scale).abs() <= 1


def _magnify(images: Tensor, scale: float, padding: str) -> Tensor:
    """Magnify frames bilinearly about their center, with one grid for all."""
    if scale == 1:
        return images
    frames = images if images.dim() == 4 else images.movedim(-1, 1).flatten(1, 2)  # (B, T * C, H, W)
    matrix = torch.tensor([[1 / scale, 0, 0], [0, 1 / scale, 0]], device=images.device)
    grid = affine_grid(matrix.expand(len(frames), 2, 3), list(frames.shape), align_corners=False)
    moved = grid_sample(frames, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    return moved if images.dim() == 4 else moved.unflatten(1, (images.shape[-1], -1)).movedim(1, -1)
