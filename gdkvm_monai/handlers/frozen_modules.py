"""Freezing of network modules during training."""

from __future__ import annotations

from collections.abc import Sequence

from ignite.engine import Engine
from torch import nn

__all__ = ["FrozenModules"]


class FrozenModules:
    """Freeze modules of a network: their parameters get no gradients, and their normalization statistics stay fixed.

    MONAI's ``freeze_layers`` only stops the gradients: the engine puts the network into training mode at every
    iteration, where batch normalization keeps updating its statistics. The modules are frozen when this object is
    constructed, which must happen before the network is wrapped for several GPUs; as a handler, it only logs them.

    Args:
        network: the unwrapped network.
        names: its modules to freeze, for example ``["key_encoder"]``; an empty list freezes nothing.

    Raises:
        ValueError: if the network has no module of that name.

    Example:
        >>> network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        >>> _ = FrozenModules(network, ["1"])
        >>> [name for name, parameter in network.named_parameters() if parameter.requires_grad]
        ['0.weight', '0.bias']
    """

    def __init__(self, network: nn.Module, names: Sequence[str] = ("key_encoder",)) -> None:
        known = dict(network.named_modules())
        for name in names:
            if not name or name not in known:
                top = ", ".join(child for child, _ in network.named_children())
                raise ValueError(f"the network has no module {name!r} to freeze; choose from {top}, or parts of them.")
            module = known[name]
            module.requires_grad_(False)
            module.register_forward_pre_hook(_to_evaluation_mode)
        self.modules = {name: known[name] for name in names}

    def attach(self, engine: Engine) -> None:
        """Log which modules are frozen."""
        for name, module in self.modules.items():
            count = sum(parameter.numel() for parameter in module.parameters())
            engine.logger.info(f"frozen: {name}, {count} parameters")


def _to_evaluation_mode(module: nn.Module, inputs: object) -> None:
    module.eval()
