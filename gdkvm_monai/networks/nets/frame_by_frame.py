"""Any 2-D network on clips: the baseline without a memory."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["FrameByFrame"]


class FrameByFrame(nn.Module):
    """Apply a 2-D network to every frame of a clip on its own.

    Args:
        network: maps ``(B, C, H, W)`` to logits ``(B, N, H, W)``, for example MONAI's ``UNet(spatial_dims=2, ...)``.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; returns logits ``(B, N, H, W, T)``."""
        frames = clip.movedim(-1, 1)  # (B, T, C, H, W)
        logits = self.network(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])  # (B, T, N, H, W)
        return logits.movedim(1, -1)

    def initial_state(self, frame: Tensor) -> tuple[()]:
        """The state before the first frame: there is none."""
        return ()

    def step(self, frame: Tensor, state: tuple[()]) -> tuple[Tensor, tuple[()]]:
        """Segment one frame ``(B, C, H, W)``, so that clips can be streamed; no frame leaves anything to the next."""
        return self.network(frame), state
