"""A 2-D network applied to clips frame by frame: the baseline without memory."""

from __future__ import annotations

from monai.networks.nets import AttentionUnet, BasicUNet, DynUNet, SegResNet, SwinUNETR, UNet
from monai.utils import look_up_option
from torch import Tensor, nn

__all__ = ["FRAME_NETWORKS", "FrameByFrame"]

FRAME_NETWORKS = {kind.__name__: kind for kind in (AttentionUnet, BasicUNet, DynUNet, SegResNet, SwinUNETR, UNet)}
"""MONAI's networks that can be built by name."""


class FrameByFrame(nn.Module):
    """Apply a 2-D network to each frame of a clip independently.

    Args:
        network: network that maps ``(B, C, H, W)`` to logits ``(B, N, H, W)``, or a name from ``FRAME_NETWORKS``.
        options: arguments of the named network; ``spatial_dims`` is 2.

    Attributes:
        options: all arguments by name, for the model card of the weights; ``None`` for a network that was not built by
            name.

    Raises:
        ValueError: if the name is unknown, or ``spatial_dims`` is not 2.

    Example:
        >>> import torch
        >>> net = FrameByFrame("UNet", in_channels=1, out_channels=4, channels=[4, 8], strides=[2])
        >>> net(torch.rand(1, 1, 16, 16, 3)).shape
        torch.Size([1, 4, 16, 16, 3])
    """

    def __init__(self, network: nn.Module | str, **options: object) -> None:
        super().__init__()
        self.options = None
        if isinstance(network, str):
            options = {"spatial_dims": 2, **options}
            if options["spatial_dims"] != 2:
                raise ValueError(
                    f"spatial_dims is {options['spatial_dims']}, expected 2: frames are 2-D; leave it out."
                )
            self.options = {"network": network, **options}
            network = look_up_option(network, FRAME_NETWORKS)(**options)
        self.network = network

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; returns logits ``(B, N, H, W, T)``."""
        frames = clip.movedim(-1, 1)  # (B, T, C, H, W)
        logits = self.network(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])  # (B, T, N, H, W)
        return logits.movedim(1, -1)

    def initial_state(self, frame: Tensor) -> tuple[()]:
        """Return the state before the first frame, which is empty."""
        return ()

    def step(self, frame: Tensor, state: tuple[()]) -> tuple[Tensor, tuple[()]]:
        """Segment one frame ``(B, C, H, W)`` of a stream; the state is empty, because frames are independent."""
        return self.network(frame), state
