"""GDKVM: echocardiography segmentation with a gated-delta-rule key-value memory (the paper's Fig. 2)."""

# no `from __future__ import annotations`: TorchScript cannot resolve the named tuple's postponed annotations

from typing import NamedTuple

import torch
from monai.utils import look_up_option
from torch import Tensor, nn

from gdkvm_monai.networks.blocks import (
    WRITE_GATES,
    FrameGate,
    GatedDeltaMemory,
    KeyPixelFeatureFusion,
    KeyPosition,
    PreviousMask,
    make_decoder,
    make_key_encoder,
    make_readout_norm,
    make_value_encoder,
)
from gdkvm_monai.networks.nets.clip_check import check_clip
from gdkvm_monai.networks.nets.option_check import check_options

__all__ = ["GDKVM", "GDKVMState"]


class GDKVMState(NamedTuple):
    """State passed from one frame to the next; its size does not depend on the number of frames.

    Attributes:
        memory: memory, ``(B, V, K)``.
        foreground: probabilities of the foreground classes in the previous frame, ``(B, N - 1, H, W)``.
    """

    memory: Tensor
    foreground: Tensor


class GDKVM(nn.Module):
    """Segment echocardiography clips causally, frame by frame, with a memory of fixed size.

    Args:
        in_channels: channels of a frame.
        out_channels: number of classes ``N``, including background.
        backbone: key encoder: ``"resnet18"``, ``"resnet34"``, ``"resnet50"`` (the paper's),
            ``"efficientnet_lite0"``, or ``"unet"``, the contracting path of MONAI's.
        width: channels of a ResNet's stem, which scale all channels of the encoders; 64 is the ImageNet layout, and
            smaller values give a smaller network.
        key_channels: number of key channels ``K``.
        value_channels: number of value channels ``V``.
        update_rule: ``"gated_delta"`` (the paper's), another row of Table 4, ``"additive"``, ``"overwrite"``,
            ``"write_gate"``, or ``"decay"``; ``"orthogonal"``, the rule of the paper's successor; or ``"none"``, which
            leaves out memory, keys, and value encoder, so that frames are independent.
        key_norm: ``"frobenius"``, or ``"none"`` for the paper's literal keys, whose memory may diverge.
        fusion: ``"kpff"`` (the paper's) or ``"none"`` (Table 3).
        value_encoder: ``"resnet18"`` (the paper's) or ``"shared"``, three convolutions on the key encoder's features.
        decoder: ``"full"``, ``"light"`` with logits at stride 2, or ``"unet"``, the expanding path of MONAI's.
        deep_supervision: whether a light decoder also returns the logits of strides 4 and 8 in training.
        decoder_width: channels of the decoder at stride 16.
        dropout: probability that a channel of the decoder's stride-16 feature is dropped in training; in a light
            decoder and in the U-Net's encoder and decoder, that a value of any of their features is.
        stochastic_depth: probability that a block of ``"efficientnet_lite0"`` is skipped in training.
        chunk_size: number of frames that the key encoder encodes at once, which bounds the GPU memory for a long clip;
            always 1 on the CPU in ``eval``, where :meth:`forward` thus equals :meth:`step` bit for bit.
        key_position: whether position is added to the keys, see :class:`~gdkvm_monai.networks.blocks.KeyPosition`.
        write_gate: ``"state"`` (the paper's), or ``"frame"``, with which one more gate per frame sees the frame and
            scales the whole write, see :class:`~gdkvm_monai.networks.blocks.FrameGate`.
        previous_mask: whether the decoder sees the mask of the previous frame at strides 8 and 4.
        readout_norm: ``"none"`` (the paper's), or ``"rms"``, with which the readout has one scale whatever the frame
            size and the number of written frames, see :class:`~gdkvm_monai.networks.blocks.ReadoutNorm`.
        key_standardization: whether ``key_position`` standardizes raw keys over the places of a frame.

    Attributes:
        options: all arguments by name, for the model card of the weights.

    References:
        Wang et al., "GDKVM", ICCV 2025, https://arxiv.org/abs/2512.10252.

    Example:
        >>> net = GDKVM(in_channels=1, out_channels=4, backbone="resnet18", width=8)
        >>> net(torch.rand(1, 1, 64, 64, 3)).shape
        torch.Size([1, 4, 64, 64, 3])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 4,
        backbone: str = "resnet50",
        width: int = 64,
        key_channels: int = 64,
        value_channels: int = 256,
        update_rule: str = "gated_delta",
        key_norm: str = "frobenius",
        fusion: str = "kpff",
        value_encoder: str = "resnet18",
        decoder: str = "full",
        deep_supervision: bool = False,
        decoder_width: int = 256,
        dropout: float = 0.0,
        stochastic_depth: float = 0.0,
        chunk_size: int = 16,
        key_position: bool = False,
        write_gate: str = "state",
        previous_mask: bool = False,
        readout_norm: str = "none",
        key_standardization: bool = False,
    ) -> None:
        options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__()
        self.options = options
        check_options(options)
        remembers = update_rule != "none"
        self.in_channels, self.out_channels, self.chunk_size = in_channels, out_channels, chunk_size
        self.least_places = 2 if backbone == "unet" or key_standardization else 1
        self.key_encoder = make_key_encoder(backbone, in_channels, width, stochastic_depth, dropout)
        c16, c8, c4, c2 = self.key_encoder.channels
        self.fusion = KeyPixelFeatureFusion(c16, key_channels, fusion if remembers else "pixel")
        self.key_position = KeyPosition(key_channels, key_standardization) if key_position else nn.Identity()
        encodes = (value_encoder, in_channels, (c16, c8, c4), (out_channels - 1, key_channels, value_channels, width))
        self.value_encoder = make_value_encoder(*encodes) if remembers else None
        self.memory = GatedDeltaMemory(key_channels, value_channels, update_rule if remembers else "additive", key_norm)
        self.readout_norm = make_readout_norm(readout_norm)
        self.frame_gate = FrameGate(c16) if look_up_option(write_gate, WRITE_GATES) == "frame" else None
        self.previous_mask = PreviousMask(out_channels - 1, (c8, c4)) if previous_mask else None
        decodes = (out_channels, value_channels, key_channels, (c16, c8, c4, c2))
        self.decoder = make_decoder(decoder, decodes, in_channels, decoder_width, dropout, deep_supervision)

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; returns logits ``(B, N, H, W, T)``.

        In training with deep supervision, returns ``(B, 3, N, H, W, T)``: strides 2, 4, and 8, all at full size.

        Raises:
            TypeError, ValueError: if the clip has another type, shape, or size, see :func:`check_clip`.
        """
        check_clip(clip, self.in_channels, self.least_places)
        frames = clip.movedim(-1, 0)  # (T, B, C, H, W)
        state = self.initial_state(frames[0])
        logits: list[Tensor] = []
        for chunk in frames.split(self.chunk_size if self.training or clip.is_cuda else 1):
            # the gradient of a split keeps the features' memory format, that of a slice does not
            features = [feature.split(clip.shape[0]) for feature in self.encode(chunk.flatten(0, 1))]
            for t, frame in enumerate(chunk):
                one_frame = [of_frames[t] for of_frames in features]
                frame_logits, state = self.advance(frame, one_frame, state)
                logits.append(frame_logits)
        return torch.stack(logits, dim=1).movedim(1, -1)  # whole frames stay together in memory

    def step(self, frame: Tensor, state: GDKVMState) -> tuple[Tensor, GDKVMState]:
        """Segment one frame and update the memory: the unit of real-time inference.

        Args:
            frame: frame, ``(B, C, H, W)``.
            state: state after the previous frame, or :meth:`initial_state`.

        Returns:
            Logits ``(B, N, H, W)`` and the next state.
        """
        check_clip(frame.unsqueeze(-1) if isinstance(frame, Tensor) else frame, self.in_channels, self.least_places)
        return self.advance(frame, self.encode(frame), state)

    def initial_state(self, frame: Tensor) -> GDKVMState:
        """Return the state before the first frame ``(B, C, H, W)``: an empty memory and no mask."""
        batch, _, height, width = frame.shape
        foreground = torch.zeros((batch, self.out_channels - 1, height, width), dtype=frame.dtype, device=frame.device)
        return GDKVMState(self.memory.initial_state(batch, frame), foreground)

    def encode(self, frames: Tensor) -> list[Tensor]:
        """Compute what does not depend on other frames: key, pixel feature, ``f8, f4, f2, f16`` of ``(B, C, H, W)``."""
        f16, f8, f4, f2 = self.key_encoder(frames)
        key, pixel = self.fusion(f16)
        return [self.key_position(key), pixel, f8, f4, f2, f16]

    def advance(self, frame: Tensor, features: list[Tensor], state: GDKVMState) -> tuple[Tensor, GDKVMState]:
        """Write, read, and decode one frame, given the previous state; see :meth:`step` and :meth:`encode`."""
        key, pixel, f8, f4, f2, f16 = features
        memory = state.memory  # (B, V, K)
        if self.value_encoder is not None:
            value = self.value_encoder(frame, state.foreground, pixel, f16, f8, f4)  # (B, V, h, w)
            memory = self.memory.write(state.memory, key, value)
            if self.frame_gate is not None:
                memory = self.frame_gate(state.memory, memory, f16)
        inputs = self.decoder_inputs(frame, features, memory, state.foreground)
        output = self.decoder(*inputs)  # (B, N, H, W), deeply supervised (B, 3, N, H, W)
        logits = output[:, 0] if output.dim() == 5 else output
        return output, GDKVMState(memory, logits.softmax(dim=1)[:, 1:])

    def decoder_inputs(
        self, frame: Tensor, features: list[Tensor], memory: Tensor, foreground: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return what the decoder sees of a frame, given the new memory and the previous foreground."""
        key, pixel, f8, f4, f2, f16 = features
        readout = self.readout_norm(self.memory.read(memory, key))  # (B, V, h, w), zeros from an empty memory
        if self.previous_mask is not None:
            f8, f4 = self.previous_mask(f8, f4, foreground)
        return readout, pixel, f16, f8, f4, f2, frame
