"""MONAI's checkpoint loader, with an answer to the mistakes that users make."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import monai.handlers
import torch
from ignite.engine import Engine
from monai.networks.utils import get_state_dict
from torch import Tensor, nn

__all__ = ["CheckpointLoader"]


class CheckpointLoader(monai.handlers.CheckpointLoader):
    """Load weights when an engine starts; arguments as in :class:`monai.handlers.CheckpointLoader`.

    With ``strict_shape=False`` a network gets the weights that fit by name and shape, and the log lists all others,
    which start fresh. (MONAI 1.6 loads nothing then when the weights stand under a key, and does not say so.)

    Raises:
        FileNotFoundError: when the file does not exist.
        ValueError: when it holds the weights of another network; nothing is loaded in part. Also with
            ``strict_shape=False`` when no weight at all fits.
    """

    def __call__(self, engine: Engine) -> None:
        """Load the checkpoint."""
        if not Path(self.load_path).is_file():
            raise FileNotFoundError(
                f"checkpoint {self.load_path} does not exist; train first, or set checkpoint to a file."
            )
        networks = {key: item for key, item in self.load_dict.items() if isinstance(item, nn.Module)}
        if not self.strict_shape:
            for key, network in networks.items():
                self._load_what_fits(network, key)
            return
        before = {key: copy.deepcopy(network.state_dict()) for key, network in networks.items()}
        try:
            super().__call__(engine)
        except (RuntimeError, ValueError, KeyError) as error:
            for key, network in networks.items():  # torch has copied what fits before it complains
                network.load_state_dict(before[key])
            raise ValueError(
                f"checkpoint {self.load_path} is not of this network; use the network options that it was trained "
                "with, or start from the layers that fit with strict_shape false (finetune.yaml)"
                f"{self._first_difference(networks)}."
            ) from error

    def _load_what_fits(self, network: nn.Module, key: str) -> None:
        weights, own = self._weights(key), get_state_dict(network)
        fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
        if not fitting:
            raise ValueError(f"checkpoint {self.load_path} has no weight that fits this network; choose another one.")
        getattr(network, "module", network).load_state_dict({**own, **fitting})
        rest = "; the others start fresh:" if len(fitting) < len(own) else ""
        self.logger.info(f"{len(fitting)} of {len(own)} weights are from {self.load_path}{rest}")
        for name in own.keys() - fitting.keys():
            found = f"the file has {tuple(weights[name].shape)}" if name in weights else "the file has none"
            self.logger.info(f"  {name} {tuple(own[name].shape)}, {found}")
        for name in weights.keys() - own.keys():
            self.logger.info(f"  the file's {name} {tuple(weights[name].shape)} is not in this network")

    def _weights(self, key: str) -> Mapping[str, Tensor]:
        checkpoint = torch.load(self.load_path, map_location=self.map_location, weights_only=True)
        weights = checkpoint.get(key, checkpoint)
        return {name: value for name, value in weights.items() if isinstance(value, Tensor)}

    def _first_difference(self, networks: Mapping[str, nn.Module]) -> str:
        for key, network in networks.items():
            weights = self._weights(key)
            for name, value in get_state_dict(network).items():
                if name not in weights:
                    return f"; the file has no {name}"
                if weights[name].shape != value.shape:
                    return f"; {name} has the shape {tuple(weights[name].shape)} there and {tuple(value.shape)} here"
        return ""
