"""Edges of masks by the Sobel operator, for Vivim's boundary constraint (Sec. III-E)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["mask_edges"]

SOBEL = ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0))


def mask_edges(mask: Tensor, num_classes: int) -> Tensor:
    """Return where the Sobel gradient of any class is not zero; the border of the image is no edge.

    Args:
        mask: class indices, ``(B, 1, H, W)``.
        num_classes: number of classes, including background.

    Returns:
        1 on edges and 0 elsewhere, float32, ``(B, 1, H, W)``.

    Example:
        >>> mask_edges(torch.tensor([[[[0, 0, 1, 1]] * 3]]), num_classes=2)[0, 0, 1]
        tensor([0., 1., 1., 0.])
    """
    classes = torch.arange(num_classes, device=mask.device).view(1, -1, 1, 1)
    one_hot = (mask == classes).float().flatten(0, 1).unsqueeze(1)  # (B * N, 1, H, W)
    kernel = torch.tensor(SOBEL, device=mask.device)
    gradient = F.conv2d(F.pad(one_hot, (1, 1, 1, 1), mode="replicate"), torch.stack([kernel, kernel.mT]).unsqueeze(1))
    return gradient.ne(0).any(dim=1).unflatten(0, (-1, num_classes)).any(dim=1, keepdim=True).float()
