"""A U-Net with a convolutional LSTM at its coarsest level: the recurrent peer of GDKVM."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.networks.nets import BasicUNet
from torch import Tensor, nn

from gdkvm_monai.networks.blocks import ConvLSTM, ConvLSTMState
from gdkvm_monai.networks.nets.clip_check import check_clip

__all__ = ["ConvLSTMUNet"]


class ConvLSTMUNet(nn.Module):
    """Segment clips causally with MONAI's ``BasicUNet`` whose stride-16 feature passes through a ConvLSTM.

    Args:
        in_channels: channels of a frame.
        out_channels: number of classes ``N``, including background.
        features: channels at strides 1, 2, 4, 8, and 16, and of the last feature; the LSTM has as many as stride 16.
        dropout: probability that a value of a feature is dropped in training.

    Attributes:
        options: all arguments by name, for the model card of the weights.

    Example:
        >>> net = ConvLSTMUNet(in_channels=1, out_channels=4, features=[8, 8, 8, 8, 8, 8])
        >>> net(torch.rand(1, 1, 32, 32, 3)).shape
        torch.Size([1, 4, 32, 32, 3])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 4,
        features: Sequence[int] = (32, 32, 64, 128, 256, 32),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.options = {"in_channels": in_channels, "out_channels": out_channels}
        self.options |= {"features": list(features), "dropout": dropout}
        self.in_channels = in_channels
        norm = ("group", {"num_groups": 4})  # instance normalization would erase a stride-16 feature of one position
        self.unet = BasicUNet(2, in_channels, out_channels, features, norm=norm, bias=False, dropout=dropout)
        self.memory = ConvLSTM(features[4])

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; returns logits ``(B, N, H, W, T)``.

        Raises:
            TypeError: if the clip is not a tensor of floats.
            ValueError: if the clip has another shape or no frame, or its size is not a multiple of 16.
        """
        check_clip(clip, self.in_channels)
        state, logits = self.initial_state(clip[..., 0]), []
        for frame in clip.unbind(-1):
            frame_logits, state = self.step(frame, state)
            logits.append(frame_logits)
        return torch.stack(logits, dim=-1)

    def initial_state(self, frame: Tensor) -> ConvLSTMState:
        """Return the state before the first frame ``(B, C, H, W)``: zeros at stride 16."""
        return self.memory.initial_state(frame.shape[0], (frame.shape[2] // 16, frame.shape[3] // 16), frame)

    def step(self, frame: Tensor, state: ConvLSTMState) -> tuple[Tensor, ConvLSTMState]:
        """Segment one frame ``(B, C, H, W)``; returns logits ``(B, N, H, W)`` and the next state."""
        check_clip(frame.unsqueeze(-1), self.in_channels)
        f1 = self.unet.conv_0(frame)
        f2 = self.unet.down_1(f1)
        f4 = self.unet.down_2(f2)
        f8 = self.unet.down_3(f4)
        state = self.memory(self.unet.down_4(f8), state)
        x = self.unet.upcat_4(state.hidden, f8)
        x = self.unet.upcat_3(x, f4)
        x = self.unet.upcat_2(x, f2)
        x = self.unet.upcat_1(x, f1)
        return self.unet.final_conv(x), state
