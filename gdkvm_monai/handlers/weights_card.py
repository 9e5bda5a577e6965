"""What one must know to use weights: the network they belong to, what they were trained on, and what they have seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.distributed as dist
from ignite.engine import Engine, Events
from monai.config import PathLike
from torch import nn

import gdkvm_monai
from gdkvm_monai.files import replace_file

__all__ = ["WeightsCard"]

SOURCES = {
    "gdkvm_monai.data.camus_datalist": (
        "CAMUS",
        "CC BY-NC-SA 4.0, for non-commercial scientific research, as the CAMUS data are",
    ),
    "gdkvm_monai.data.phantom_datalist": ("generated phantoms (gdkvm_monai.data.phantom_datalist)", "Apache-2.0"),
}
"""What the lists of clips that the package knows consist of, and the license that this gives to weights."""


class WeightsCard:
    """Write a JSON file beside the weights when training starts, and complete it after every epoch.

    Args:
        path: file to write, ``model.json`` beside ``model.pt``; its folder is created where missing.
        network: its ``options``, if it has any, are stored with its class.
        frame_size: rows and columns of the frames that the network sees.
        data: items that are trained on; their number is stored.
        datalist: name of the function that listed them.
        trained_on: the data, in a sentence; by default what is known of ``datalist``. Of items without a ``patient``,
            as MONAI Label gives them, nothing is known.
        license: under which the weights may be used; likewise.
    """

    def __init__(
        self,
        path: PathLike,
        network: nn.Module,
        frame_size: Sequence[int],
        data: Sequence[Mapping] = (),
        datalist: str = "",
        trained_on: str | None = None,
        license: str | None = None,
    ) -> None:
        self.path = Path(path)
        listed = len(data) > 0 and all("patient" in item for item in data)
        source, terms = SOURCES.get(datalist, (None, None)) if listed else (None, None)
        kind = type(network)
        self.card = {
            "network": f"{kind.__module__}.{kind.__name__}",
            "network_options": getattr(network, "options", None),
            "frame_size": [int(length) for length in frame_size],
            "trained_on": trained_on or source or "data that were not named; set trained_on",
            "clips": len(data),
            "license": license or terms or "not stated; set weights_license",
            "gdkvm_version": gdkvm_monai.__version__,
            "iterations": 0,
            "intensity_mean": None,
            "intensity_sd": None,
        }
        self.ranges = {"intensity_mean": [float("inf"), -float("inf")], "intensity_sd": [float("inf"), -float("inf")]}

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self.write)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.record)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.write)

    def record(self, engine: Engine) -> None:
        """Widen the ranges of the clips' mean and standard deviation, in the network's 0 to 1."""
        self.card["iterations"] = engine.state.iteration
        batch = engine.state.batch
        for item in batch if isinstance(batch, list) else [batch]:  # MONAI's trainer takes it apart
            image = torch.as_tensor(item["image"]).float()
            for name, value in (("intensity_mean", float(image.mean())), ("intensity_sd", float(image.std()))):
                low, high = self.ranges[name]
                self.ranges[name] = [min(low, value), max(high, value)]
        self.card.update({name: [round(end, 4) for end in ends] for name, ends in self.ranges.items()})

    def write(self, engine: Engine) -> None:
        """Write the card, whole or not at all, on the first process."""
        if dist.is_available() and dist.is_initialized() and dist.get_rank() != 0:
            return
        with replace_file(self.path) as partial:
            partial.write_text(json.dumps(self.card, indent=2) + "\n")
