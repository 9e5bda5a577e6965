"""A space-time memory network of GDKVM's own encoders and decoder: what the linear memory is measured against."""

from __future__ import annotations

import inspect

from torch import Tensor, nn

from gdkvm_monai.networks.blocks import SoftmaxMemory
from gdkvm_monai.networks.nets.gdkvm import GDKVM, GDKVMState

__all__ = ["SpaceTimeMemory"]

LINEAR_ONLY = ("update_rule", "key_norm")


class SpaceTimeMemory(nn.Module):
    """A :class:`GDKVM` that stores the keys and values of all frames and reads them by softmax matching (Eq. 1).

    Everything else is the same, so a difference in scores is one of the memories. The state grows with every frame:
    with ``L`` positions, each stored frame adds ``L (K + V)`` numbers and ``2 L^2 (K + V)`` operations to every later
    frame. In the light network at 256x256, these are 0.2 MB and 0.025 GFLOP; after 113 frames, a frame needs twice
    the operations of one with the linear memory, whose state keeps 0.03 MB.

    Args:
        options: arguments of :class:`GDKVM`; ``update_rule`` and ``key_norm`` are left out or ``None``, and
            ``write_gate`` is ``"state"``.

    Attributes:
        options: all arguments by name, for the model card of the weights.

    Raises:
        ValueError: if an option belongs to the linear memory.

    References:
        Oh et al., "Video Object Segmentation using Space-Time Memory Networks", ICCV 2019,
        https://arxiv.org/abs/1904.00607.

    Example:
        >>> import torch
        >>> net = SpaceTimeMemory(in_channels=1, out_channels=4, backbone="resnet18", width=8)
        >>> net(torch.rand(1, 1, 64, 64, 3)).shape
        torch.Size([1, 4, 64, 64, 3])
    """

    def __init__(self, **options) -> None:
        super().__init__()
        for name in LINEAR_ONLY:
            if options.get(name) is not None:
                raise ValueError(f"{name} is {options[name]!r}, but a softmax memory has none; leave it out.")
        if options.get("write_gate", "state") != "state":
            raise ValueError(
                f"write_gate is {options['write_gate']!r}, but a softmax memory stores every frame; leave it out."
            )
        self.network = GDKVM(**{name: value for name, value in options.items() if name not in LINEAR_ONLY})
        self.options = {name: value for name, value in self.network.options.items() if name not in LINEAR_ONLY}
        memory = self.network.memory
        self.network.memory = SoftmaxMemory(memory.key_channels, memory.value_channels)

    __init__.__signature__ = inspect.signature(GDKVM.__init__)  # type: ignore[attr-defined]  # for checks of configs

    @property
    def key_encoder(self) -> nn.Module:
        """Key encoder, which may start from ImageNet weights."""
        return self.network.key_encoder

    def forward(self, clip: Tensor) -> Tensor:
        """Segment a clip ``(B, C, H, W, T)``; see :meth:`GDKVM.forward`."""
        return self.network(clip)

    def initial_state(self, frame: Tensor) -> GDKVMState:
        """Return the state before the first frame ``(B, C, H, W)``: no stored position and no mask."""
        return self.network.initial_state(frame)

    def step(self, frame: Tensor, state: GDKVMState) -> tuple[Tensor, GDKVMState]:
        """Segment one frame and store it; see :meth:`GDKVM.step`."""
        return self.network.step(frame, state)
