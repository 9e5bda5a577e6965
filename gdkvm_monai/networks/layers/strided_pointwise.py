"""Pointwise convolution with a stride, by selecting pixels before the convolution."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import conv2d

__all__ = ["StridedPointwiseConv2d", "select_before_pointwise"]


class StridedPointwiseConv2d(nn.Conv2d):
    """A 1x1 convolution that selects the pixels of its stride first, with the same parameters and the same result.

    The gradient of PyTorch's own, in channels-last format, for an odd number of images and with several threads, writes
    beyond its memory and ends the process (PyTorch 2.13 with oneDNN on processors with AVX-512).

    Example:
        >>> import torch
        >>> conv = StridedPointwiseConv2d(3, 4, kernel_size=1, stride=2)
        >>> conv(torch.rand(1, 3, 5, 6)).shape
        torch.Size([1, 4, 3, 3])
    """

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images ``(B, C, H, W)``."""
        rows, columns = self.stride
        return conv2d(images[:, :, ::rows, ::columns], self.weight, self.bias)


def select_before_pointwise(module: nn.Module) -> None:
    """Turn all pointwise convolutions of a module that have a stride into :class:`StridedPointwiseConv2d`."""
    for part in module.modules():
        if type(part) is nn.Conv2d and part.kernel_size == (1, 1) and part.stride != (1, 1) and part.groups == 1:
            part.__class__ = StridedPointwiseConv2d
