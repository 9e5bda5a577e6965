"""The bundle's inference pipeline, split into the parts that a stream of frames needs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from monai.config import PathLike
from monai.inferers import Inferer
from monai.transforms import Compose, EnsureChannelFirstd, SaveImage, SaveImaged
from torch import nn

from gdkvm_monai.configs import bundle_dir, check_weights_file, find_weights, released_weights
from gdkvm_monai.configs.inference import build_parts, inference_files, read_inference_config, set_weights
from gdkvm_monai.data.intensity import GrayScale
from gdkvm_monai.files import file_sha256
from gdkvm_monai.inferers import StreamSession
from gdkvm_monai.networks.card import UNKNOWN, ModelCard, read_card
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.study.averaging import averaging_of, set_averaging
from gdkvm_monai.study.engine_record import EngineRecord
from gdkvm_monai.study.run_record import ConfigRecord, NetworkRecord, WeightsRecord
from gdkvm_monai.transforms import LoadImageClipd

__all__ = ["Pipeline", "PipelineSource", "load_pipeline", "weights_record"]

PARTS = ("chosen_network", "chosen_frame_size", "chosen_num_classes", "preprocessing", "postprocessing", "inferer")
"""IDs in ``inference.json``."""


@dataclass(frozen=True)
class Pipeline:
    """A network with its weights and transforms.

    Attributes:
        network: network in evaluation mode on ``device``, as run by its engine.
        preprocessing: preprocessing of ``inference.json`` without loading.
        postprocessing: postprocessing of ``inference.json`` without saving.
        inferer: inferer of ``inference.json``.
        device: device of the network.
        num_classes: number of classes, including background.
        card: model card beside the weights (``model.json``), or ``None``.
        provenance: names and hashes of weights and config.
    """

    network: nn.Module
    preprocessing: Compose
    postprocessing: Compose
    inferer: Inferer
    device: torch.device
    num_classes: int = 4
    card: ModelCard | None = None
    provenance: NetworkRecord = field(kw_only=True)

    def session(
        self, keep_probabilities: bool = False, gray_scale: GrayScale | None = None, region: Sequence[int] | None = None
    ) -> StreamSession:
        """Start an independent session; see :class:`~gdkvm_monai.inferers.StreamSession` for the arguments."""
        transforms = self.preprocessing, self.postprocessing
        known = keep_probabilities, gray_scale, region
        return StreamSession(self.network, *transforms, self.device, self.inferer, *known)


@dataclass(frozen=True)
class PipelineSource:
    """The arguments of :func:`load_pipeline`, for the processes of a batch."""

    weights: PathLike | None = None
    configs: PathLike | Sequence[PathLike] = ()
    device: str | None = None
    engine: str = "eager"
    tta: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple:
        """The arguments in order."""
        return self.weights, self.configs, self.device, self.engine, self.tta


def load_pipeline(
    weights: PathLike | None = None,
    configs: PathLike | Sequence[PathLike] = (),
    device: str | None = None,
    engine: str = "eager",
    tta: Sequence[str] = (),
) -> Pipeline:
    """Build the pipeline of ``inference.json`` and load its weights.

    The network and its frame size come from the model card that training writes beside the weights (``model.json``) or,
    if there is none, from the config and its overlays. As in the bundle, ``use_card: false`` in an overlay ignores the
    card.

    Args:
        weights: checkpoint, loaded with ``weights_only=True``, or ``"light.pt"``; by default the bundle's released
            weights.
        configs: overlay or overlays on ``inference.json``: files, or names in the bundle's ``configs``.
        device: for example ``"cpu"`` or ``"cuda:0"``; by default CUDA if available.
        engine: one of :data:`~gdkvm_monai.export.engines.ENGINES`, or ``"auto"`` for the fastest that gives the same
            masks, see :func:`~gdkvm_monai.export.engines.choose_engine`.
        tta: test-time averaging of each frame with its ``"mirror"`` image (2 times the time), with its ``"scales"``
            (3 times), or with both (6 times).

    Raises:
        FileNotFoundError: if a file is missing.
        ImportError: if the engine is not installed.
        TypeError: if ``weights`` is not a path.
        ValueError: if the checkpoint is invalid or belongs to another network, or a config, the card, the device, the
            engine, or ``tta`` is wrong.
    """
    if weights is not None and not isinstance(weights, (str, os.PathLike)):
        advice = "pass it as pipeline=" if isinstance(weights, Pipeline) else "pass the path of a checkpoint"
        raise TypeError(f"weights is a {type(weights).__name__}, expected a path; {advice}.")
    weights = released_weights() if weights is None else find_weights(weights)
    check_weights_file(weights)
    files = inference_files(configs)
    card, place = read_card(weights), _device(device)
    source = ", ".join(map(str, files[1:])) or f"the card beside {weights.name}"
    parts = build_parts(_parse(files, weights, place, tta), PARTS, source)
    network, frame_size, num_classes, preprocessing, postprocessing, inferer = parts
    provenance = NetworkRecord(
        weights=weights_record(weights, card),
        config=ConfigRecord(hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()),
        network=type(network).__name__,
        frame_size=tuple(frame_size),
        averaging=averaging_of(inferer),
    )
    load_weights(network, weights)
    network = network.to(place, memory_format=torch.channels_last).eval()
    network, record = _run_by(engine, network, provenance, inferer, place)
    return Pipeline(
        network,
        _without(preprocessing, "preprocessing", LoadImageClipd, EnsureChannelFirstd),
        _without(postprocessing, "postprocessing", SaveImage, SaveImaged),
        inferer,
        place,
        int(num_classes),
        card,
        provenance=replace(provenance, engine=record),
    )


def weights_record(weights: Path, card: ModelCard | None) -> WeightsRecord:
    """Return name and hash of weights, and what their model card says about their training."""
    return WeightsRecord(
        file=weights.name,
        sha256=file_sha256(weights),
        trained_on=card.trained_on if card else "unknown: there is no model.json beside the weights",
        license=card.license if card else "unknown",
        views=card.views if card else (),
        verified=card is not None and card.weights_sha256 is not None,
        domain=card.domain if card else UNKNOWN,
        **(card.intensity_ranges if card else {}),
    )


def _run_by(
    engine: str, network: nn.Module, facts: NetworkRecord, inferer: Inferer, device: torch.device
) -> tuple[nn.Module, EngineRecord]:
    """Return the network as run by an engine, and the engine's record."""
    dtype = getattr(inferer, "dtype", None) or torch.float32
    precision = str(dtype).removeprefix("torch.")
    if engine == "eager":
        return network, EngineRecord(engine, precision)
    from gdkvm_monai.export.engines import QUANTIZED, EngineRequest, choose_engine  # torch.export takes a second

    request = EngineRequest(engine, facts.weights.sha256, facts.frame_size, precision, device)
    chosen = choose_engine(network, request)
    return chosen.network, EngineRecord(chosen.name, "int8" if chosen.name in QUANTIZED else precision, chosen.reason)


def _parse(files: Sequence[Path], weights: Path, device: torch.device, tta: Sequence[str]) -> ConfigParser:
    parser = read_inference_config(files)
    parser.read_meta(str(bundle_dir() / "configs" / "metadata.json"))
    set_weights(parser, weights)
    parser["device"] = str(device)
    set_averaging(parser, tta)
    return parser


def _without(transforms: object, name: str, *kinds: type) -> Compose:
    if not isinstance(transforms, Compose):
        raise ValueError(f"{name} is a {type(transforms).__name__}, expected Compose; correct it in the overlay.")
    return Compose([transform for transform in transforms.transforms if not isinstance(transform, kinds)])


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not available; use cpu, or cuda on a machine with a GPU.") from error
    return device
