"""Writer for the model card beside the weights of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from monai.config import PathLike
from torch import nn

import gdkvm_monai
from gdkvm_monai.data.open import open_clip
from gdkvm_monai.handlers.resumable import register_part
from gdkvm_monai.handlers.weights_start import recorded_start
from gdkvm_monai.labels import VIEWS
from gdkvm_monai.networks.card import PHANTOM, UNKNOWN, ModelCard, read_card
from gdkvm_monai.networks.known import NETWORKS
from gdkvm_monai.networks.recorded_weights import write_run_card

__all__ = ["WeightsCard", "refuse_release"]


class Source(NamedTuple):
    """The data behind a datalist, and the license of weights trained on them."""

    trained_on: str
    domain: str
    license: str
    citation: str = ""


CAMUS_CITATION = (
    'S. Leclerc, E. Smistad, J. Pedrosa, A. Ostvik, et al., "Deep Learning for Segmentation using an Open Large-Scale '
    'Dataset in 2D Echocardiography", IEEE Transactions on Medical Imaging, vol. 38, no. 9, pp. 2198-2210, 2019, '
    "doi:10.1109/TMI.2019.2900516"
)
ECHONET_CITATION = (
    'D. Ouyang, B. He, A. Ghorbani, et al., "Video-based AI for beat-to-beat assessment of cardiac function", Nature, '
    "vol. 580, pp. 252-256, 2020, doi:10.1038/s41586-020-2145-8"
)
UNKNOWN_SOURCE = Source("unknown data; set trained_on", UNKNOWN, "not stated; set weights_license")

SOURCES = {
    "gdkvm_monai.data.camus_datalist": Source(
        "CAMUS",
        "CAMUS",
        "CC BY-NC-SA 4.0, for non-commercial scientific research, as the CAMUS data are",
        CAMUS_CITATION,
    ),
    "gdkvm_monai.data.echonet_datalist": Source(
        "EchoNet-Dynamic",
        "EchoNet-Dynamic",
        "as the Stanford University Dataset Research Use Agreement of EchoNet-Dynamic allows, non-commercial research",
        ECHONET_CITATION,
    ),
    "gdkvm_monai.data.phantom_datalist": Source(
        "generated phantoms (gdkvm_monai.data.phantom_datalist)", PHANTOM, "Apache-2.0"
    ),
}
"""Sources by the function that lists their clips."""


class WeightsCard:
    """Write a :class:`~gdkvm_monai.networks.card.ModelCard` when training starts, and update it after every epoch.

    Attach it after the handlers that load weights, so that the card states what training starts from.
    Training does not start in a folder that holds the card of the released weights, so these are never replaced. Other
    weights in the folder keep their card until the run has saved its own.

    Args:
        path: file to write, ``model.json`` beside ``model.pt``; its folder is created if missing.
        network: one of :data:`~gdkvm_monai.networks.known.NETWORKS`, whose ``options`` are stored; the card of any
            other network does not describe it.
        frame_size: input size of the network, rows and columns.
        data: training items; their number and views are stored.
        datalist: name of the function that listed them.
        trained_on: description of the data in one sentence; by default that of ``datalist``, or unknown for items
            without a ``patient``, as MONAI Label provides them.
        license: license of the weights; same default.
        domain: kind of data in one or two words, ``"phantom"`` without patients; same default.
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
        domain: str | None = None,
    ) -> None:
        self.path = Path(path)
        listed = len(data) > 0 and all("patient" in item for item in data)
        source = SOURCES.get(datalist, UNKNOWN_SOURCE) if listed else UNKNOWN_SOURCE
        if listed and all(_shows_phantom(item.get("image")) for item in data):
            source = SOURCES["gdkvm_monai.data.phantom_datalist"]
        known = type(network) in NETWORKS.values()
        self.card = ModelCard(
            network=type(network).__name__ if known else "",
            network_options=network.options if known else None,
            frame_size=tuple(int(length) for length in frame_size),
            trained_on=trained_on or source.trained_on,
            domain=domain or source.domain,
            views=tuple(view for view in VIEWS if any(item.get("view") == view for item in data)),
            clips=len(data),
            license=license or source.license,
            citation="" if trained_on or license else source.citation,
            gdkvm_version=gdkvm_monai.__version__,
        )

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        register_part(engine, "weights_card", self)
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self.record)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.write)

    def start(self, engine: Engine) -> None:
        """Write the first version of the card, unless the folder holds that of the released weights.

        Raises:
            ValueError: if the folder holds the released weights.
        """
        refuse_release(self.path.parent)
        self.card = replace(self.card, **recorded_start(engine))
        self.write(engine)

    def state_dict(self) -> dict[str, object]:
        """Return what training has added to the card so far, and what it started from."""
        start = {"imagenet_weights": self.card.imagenet_weights, "initial_weights": self.card.initial_weights}
        return {"iterations": self.card.iterations, **start, **self.card.intensity_ranges}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Restore and write the card of an interrupted run."""
        self.card = replace(self.card, **state_dict)
        self._write()

    def record(self, engine: Engine) -> None:
        """Widen the ranges of the clips' mean and standard deviation, on the network's 0 to 1 scale."""
        batch = engine.state.batch
        images = [
            item["image"] for item in (batch if isinstance(batch, list) else [batch])
        ]  # MONAI decollates the batch
        images = [torch.as_tensor(image).float() for image in images]
        self.card = replace(
            self.card,
            iterations=engine.state.iteration,
            intensity_mean=_widen(self.card.intensity_mean, [float(image.mean()) for image in images]),
            intensity_sd=_widen(self.card.intensity_sd, [float(image.std()) for image in images]),
        )

    def write(self, engine: Engine) -> None:
        """Write the card atomically, on the first process."""
        self._write()

    @idist.one_rank_only()
    def _write(self) -> None:
        write_run_card(self.card, self.path)


def refuse_release(weights_dir: PathLike) -> None:
    """Refuse to train in a folder with released weights; a config calls this before clips are read.

    Args:
        weights_dir: folder that will receive the weights.

    Raises:
        ValueError: if its card marks the weights as released.
    """
    present = read_card(Path(weights_dir) / "model.json", check_weights=False)
    if present is not None and present.release:
        raise ValueError(
            f"{weights_dir} holds the weights of release {present.release}, which training does not replace; "
            "add --run_dir runs/NAME."
        )


def _shows_phantom(image: object) -> bool:
    """Return whether the files of a clip say that they show a phantom, whatever layout they are in."""
    paths = [image] if isinstance(image, (str, Path)) else image
    if not isinstance(paths, (list, tuple)):
        return False  # an array
    return all(open_clip(path).meta.get("phantom", False) for path in paths)


def _widen(known: tuple[float, float] | None, values: Sequence[float]) -> tuple[float, float]:
    values = [round(value, 4) for value in values] + list(known or ())
    return min(values), max(values)
