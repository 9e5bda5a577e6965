"""Parts of a network that training leaves as they are."""

from __future__ import annotations

from collections.abc import Sequence

from ignite.engine import Engine
from torch import nn

__all__ = ["FrozenModules"]


class FrozenModules:
    """Freeze modules of a network: no gradients, and normalization with the statistics that they have.

    MONAI's ``freeze_layers`` stops the gradients alone: the engine puts the network into training mode at every
    iteration, where batch normalization goes on to average what it sees. The modules are frozen on construction,
    which must come before the network is wrapped for several GPUs; as a handler it does nothing more.

    Args:
        network: the network, not wrapped.
        names: modules of it, for example ``["key_encoder"]``; an empty list freezes nothing.

    Raises:
        ValueError: when the network has no module of such a name.

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
        """Log what is frozen; nothing else is left to do in training."""
        for name, module in self.modules.items():
            count = sum(parameter.numel() for parameter in module.parameters())
            engine.logger.info(f"frozen: {name}, {count} parameters")


def _to_evaluation_mode(module: nn.Module, inputs: object) -> None:
    module.eval()
