"""The bundle's own inference, taken apart into what a stream of frames needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from monai.bundle import ConfigParser
from monai.inferers import Inferer
from monai.transforms import Compose, SaveImage, SaveImaged
from torch import nn

from gdkvm_monai.configs import bundle_dir, find_config
from gdkvm_monai.configs.errors import explain
from gdkvm_monai.data.intensity import GrayScale
from gdkvm_monai.files import file_sha256
from gdkvm_monai.inferers import StreamSession
from gdkvm_monai.networks.card import ModelCard, read_card
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.study.run_record import ConfigRecord, NetworkRecord, WeightsRecord
from gdkvm_monai.transforms import LoadClipd

__all__ = ["Pipeline", "load_pipeline"]


@dataclass(frozen=True)
class Pipeline:
    """A network with its weights, and the transforms around it.

    Attributes:
        network: in ``eval``, on ``device``.
        preprocessing: of ``inference.json``, without loading.
        postprocessing: of ``inference.json``, without saving.
        inferer: of ``inference.json``.
        device: where it runs.
        num_classes: background included.
        card: ``model.json`` beside the weights, or ``None``.
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
        """A new session, which knows of no other; arguments as in :class:`~gdkvm_monai.inferers.StreamSession`."""
        transforms = self.preprocessing, self.postprocessing
        known = keep_probabilities, gray_scale, region
        return StreamSession(self.network, *transforms, self.device, self.inferer, *known)


def load_pipeline(weights: Path | str, configs: Sequence[Path | str] = (), device: str | None = None) -> Pipeline:
    """Build what ``inference.json`` describes, with weights.

    The network and the size of its frames come from ``model.json`` beside the weights, which training writes; without
    one, from the config and its overlays. An overlay with ``use_card: false`` ignores the card, as in the bundle.

    Args:
        weights: checkpoint, loaded with ``weights_only=True``.
        configs: overlays on ``inference.json``: files, or names in the bundle's ``configs``.
        device: for example ``"cpu"`` or ``"cuda:0"``; CUDA by default where it is available.

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when a file is no checkpoint or of another network, or a config, the card or the device is wrong.
    """
    weights = Path(weights)
    if not weights.is_file():
        raise FileNotFoundError(f"weights {weights} do not exist; `make demo` trains some, docs/results.md tells how.")
    files = [find_config(name) for name in ("inference.json", *configs)]
    card, place = read_card(weights), _device(device)
    try:
        parser = _parse(files, weights, place)
        network = parser.get_parsed_content("chosen_network")
        frame_size = parser.get_parsed_content("chosen_frame_size")
    except Exception as error:  # whatever a config may name
        names = ", ".join(map(str, configs)) or f"the card beside {weights.name}"
        raise ValueError(f"{names} does not describe a network that can be built: {explain(error)}") from error
    provenance = NetworkRecord(
        weights=WeightsRecord(
            file=weights.name,
            sha256=file_sha256(weights),
            trained_on=card.trained_on if card else "unknown: there is no model.json beside the weights",
            license=card.license if card else "unknown",
            views=card.views if card else (),
        ),
        config=ConfigRecord(hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()),
        network=type(network).__name__,
        frame_size=tuple(frame_size),
    )
    load_weights(network, weights)
    network = network.to(place, memory_format=torch.channels_last).eval()
    before = parser.get_parsed_content("preprocessing").transforms
    after = parser.get_parsed_content("postprocessing").transforms
    return Pipeline(
        network,
        Compose([transform for transform in before if not isinstance(transform, LoadClipd)]),
        Compose([transform for transform in after if not isinstance(transform, (SaveImage, SaveImaged))]),
        parser.get_parsed_content("inferer"),
        place,
        int(parser.get_parsed_content("chosen_num_classes")),
        card,
        provenance=provenance,
    )


def _parse(files: Sequence[Path], weights: Path, device: torch.device) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config([str(path) for path in files])
    parser.read_meta(str(bundle_dir() / "configs" / "metadata.json"))
    parser["checkpoint"] = str(weights.absolute())  # absolute, so that no name of a file can be an expression
    parser["device"] = str(device)
    return parser


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not available here; give cpu, or cuda where there is a GPU.") from error
    return device
