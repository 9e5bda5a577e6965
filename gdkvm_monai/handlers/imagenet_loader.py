"""Start a training run from ImageNet weights that a config names."""

from __future__ import annotations

from pathlib import Path

import torch
from ignite.engine import Engine, Events
from torch import nn

from gdkvm_monai.networks.blocks.imagenet_weights import load_imagenet_weights

__all__ = ["ImageNetLoader"]


class ImageNetLoader:
    """Load ImageNet weights into the network's key encoder when training starts.

    Args:
        network: a network with a ``key_encoder``, for example GDKVM.
        source: a file with torchvision's state dict, or an ``https`` address of one, which is downloaded once into
            torch's cache. Nothing is downloaded unless an address is given here.
    """

    def __init__(self, network: nn.Module, source: str) -> None:
        self.network, self.source = network, str(source)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Load the weights."""
        network = getattr(self.network, "module", self.network)
        load_imagenet_weights(network.key_encoder, self._state_dict())

    def _state_dict(self) -> dict:
        if self.source.startswith("https://"):
            return torch.hub.load_state_dict_from_url(self.source, map_location="cpu", weights_only=True)
        if not Path(self.source).is_file():
            raise FileNotFoundError(
                f"{self.source} does not exist; set imagenet_weights to a file or an https address."
            )
        return torch.load(self.source, map_location="cpu", weights_only=True)
