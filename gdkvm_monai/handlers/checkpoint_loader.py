"""MONAI's checkpoint loader, with an answer to the two mistakes that users make."""

from __future__ import annotations

import copy
from pathlib import Path

import monai.handlers
from ignite.engine import Engine
from torch import nn

__all__ = ["CheckpointLoader"]


class CheckpointLoader(monai.handlers.CheckpointLoader):
    """Load weights when an engine starts; arguments as in :class:`monai.handlers.CheckpointLoader`.

    Raises:
        FileNotFoundError: when the file does not exist.
        ValueError: when it holds the weights of another network; nothing is loaded in part.
    """

    def __call__(self, engine: Engine) -> None:
        """Load the checkpoint."""
        if not Path(self.load_path).is_file():
            raise FileNotFoundError(
                f"checkpoint {self.load_path} does not exist; train first, or set checkpoint to a file."
            )
        networks = [item for item in self.load_dict.values() if isinstance(item, nn.Module)]
        before = [copy.deepcopy(network.state_dict()) for network in networks]
        try:
            super().__call__(engine)
        except (RuntimeError, ValueError, KeyError) as error:
            for network, weights in zip(networks, before):  # torch has copied what fits before it complains
                network.load_state_dict(weights)
            raise ValueError(
                f"checkpoint {self.load_path} is not of this network; use the network options that it was trained "
                "with, or set strict to false to start from the weights that fit."
            ) from error
