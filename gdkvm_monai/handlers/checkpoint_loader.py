"""MONAI's checkpoint loader with error messages that say what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import monai.handlers
from ignite.engine import Engine
from monai.engines import Trainer
from monai.networks.utils import get_state_dict
from torch import Tensor, nn

from gdkvm_monai.files import file_sha256
from gdkvm_monai.handlers.weights_start import record_start
from gdkvm_monai.networks.blocks import UNetKeyEncoder, unet_parts
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.checkpoint import REMEDY, difference_of_tensors, load_weights, read_checkpoint

__all__ = ["CheckpointLoader"]

FINE_TUNING = (
    "use the network options that it was trained with, or load the layers that fit with strict_shape false "
    "(finetune.yaml)"
)


class CheckpointLoader(monai.handlers.CheckpointLoader):
    """Load the weights of networks when an engine starts; arguments as in :class:`monai.handlers.CheckpointLoader`.

    With ``strict=False``, names that the file and the network do not share are ignored. With ``strict_shape=False``,
    only weights that fit by name and shape are loaded; the log lists the others, which keep their initial values. (In
    that case, MONAI 1.6 silently loads nothing when the weights are stored under a key.) The weights of a
    frame-by-frame U-Net then fit the encoder and decoder of a GDKVM with the backbone ``"unet"``.

    Raises:
        FileNotFoundError: if the file does not exist.
        TypeError: if ``load_dict`` holds anything but networks.
        ValueError: if the file holds the weights of another network or, with ``strict_shape=False``, if no weight
            fits; the network is then unchanged.
    """

    def __call__(self, engine: Engine) -> None:
        """Load the checkpoint."""
        encoder = True
        for key, network in self.load_dict.items():
            if not isinstance(network, nn.Module):
                raise TypeError(f"load_dict[{key!r}] is a {type(network).__name__}, expected a network; remove it.")
            if not self.strict_shape:
                loaded = self._load_what_fits(network, read_checkpoint(self.load_path, key))
                encoder = any(name.startswith("key_encoder.") for name in loaded)
            else:
                remedy = FINE_TUNING if isinstance(engine, Trainer) else REMEDY
                load_weights(network, self.load_path, key, remedy, self.strict)
                self.logger.info(f"Restored all variables from {self.load_path}")
        if isinstance(engine, Trainer):
            name = Path(self.load_path).name
            record_start(engine, initial_weights=f"{name}, SHA-256 {file_sha256(self.load_path)}")
            if encoder:
                self._inherit(engine)

    def _inherit(self, engine: Engine) -> None:
        """Record the ImageNet weights that the loaded weights started from, which are also those of this training."""
        try:
            card = read_card(self.load_path)
        except ValueError as error:
            self.logger.warning(f"the model card of the initial weights is not used: {error}")
            return
        if card is not None and card.imagenet_weights:
            record_start(engine, imagenet_weights=card.imagenet_weights)

    def _load_what_fits(self, network: nn.Module, weights: Mapping[str, Tensor]) -> Iterable[str]:
        """Load the weights that fit, and return their names."""
        own, encoder = get_state_dict(network), getattr(getattr(network, "module", network), "key_encoder", None)
        if isinstance(encoder, UNetKeyEncoder) and any(name.startswith("network.") for name in weights):
            weights = unet_parts(weights)
        fitting = {
            name: value
            for name, value in weights.items()
            if name in own and not difference_of_tensors(value, own[name])
        }
        if not fitting:
            raise ValueError(f"{self.load_path} has no weight that fits this network; choose another one.")
        getattr(network, "module", network).load_state_dict({**own, **fitting})
        rest = "; the others start fresh:" if len(fitting) < len(own) else ""
        self.logger.info(f"{len(fitting)} of {len(own)} weights are from {self.load_path}{rest}")
        for name in own.keys() - fitting.keys():
            found = difference_of_tensors(weights[name], own[name]) if name in weights else "is not in the file"
            self.logger.info(f"  {name} {found}")
        for name in weights.keys() - own.keys():
            self.logger.info(f"  the file's {name} {tuple(weights[name].shape)} is not in this network")
        return fitting
