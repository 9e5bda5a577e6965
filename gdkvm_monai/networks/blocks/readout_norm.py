"""Normalization of the readout of the memory, so that it does not fade with the number of places written at once."""

from __future__ import annotations

from monai.utils import look_up_option
from torch import Tensor, nn

__all__ = ["READOUT_NORMS", "ReadoutNorm", "make_readout_norm"]

READOUT_NORMS = ("none", "rms")
"""The readout as it is, as in the paper, or divided by its root mean square at every place."""

SMALLEST = 1e-6  # of the mean square: an empty memory still reads as zeros


class ReadoutNorm(nn.Module):
    r"""Divide the readout at every place by its root mean square over the value channels.

    .. math:: O \leftarrow O / \sqrt{\mathrm{mean}_V(O^2) + 10^{-6}}

    Keys have a Frobenius norm of 1 over all ``L`` places of a frame, so one write stores about ``1 / L`` of each value,
    and a readout grows with the number of written frames. Normalized, it has one scale at every frame size and from
    the first frame on, as in the gated delta networks of language models (Yang et al., ICLR 2025,
    https://arxiv.org/abs/2412.06464). There are no parameters; the convolution that follows scales the channels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.smallest = SMALLEST  # TorchScript sees attributes only

    def forward(self, readout: Tensor) -> Tensor:
        """Return the normalized readout, ``(B, V, h, w)``; zeros remain zeros."""
        square = readout.float().square().mean(dim=1, keepdim=True)
        return readout * (square + self.smallest).rsqrt().to(readout.dtype)


def make_readout_norm(name: str) -> nn.Module:
    """Build one of :data:`READOUT_NORMS`.

    Raises:
        ValueError: if the name is unknown.
    """
    return ReadoutNorm() if look_up_option(name, READOUT_NORMS) == "rms" else nn.Identity()
