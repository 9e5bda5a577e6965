"""The model card beside the weights: everything needed to use them, as checked data that is never executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path

from monai.config import PathLike
from torch import nn

from gdkvm_monai.files import file_sha256, write_json
from gdkvm_monai.networks.card_checks import FIELD_CHECKS, check_plain, shorten
from gdkvm_monai.networks.known import Options, build_network, network_name

__all__ = ["PHANTOM", "UNKNOWN", "ModelCard", "read_card"]

PHANTOM, UNKNOWN = "phantom", "unknown"
"""Domains of weights that have seen no patient, and of weights for which this is not known."""

LARGEST_CARD = 1 << 20  # bytes
NO_OBJECT = "it is not a JSON object; use the card that training wrote next to the weights."


@dataclass(frozen=True)
class ModelCard:
    """What is known about a set of weights.

    Attributes:
        network: one of :data:`~gdkvm_monai.networks.known.NETWORKS`; empty for any other network.
        network_options: arguments of the network by name, or ``None`` if unknown.
        frame_size: rows and columns of the network's input frames, multiples of 16, or ``None`` if unknown.
        num_classes: number of classes, including background; by default the network's ``out_channels``.
        trained_on: training data, in one sentence.
        domain: kind of training data in one or two words, such as ``"CAMUS"``; ``"phantom"`` if there were no
            patients, ``"unknown"`` if that is not known.
        views: views in the training data, from :data:`~gdkvm_monai.labels.VIEWS`; empty if unknown.
        clips: number of training clips.
        license: license of the weights.
        citation: citation of the data, as required by their license.
        imagenet_weights: name and SHA-256 of the ImageNet weights that the key encoder, or that of the initial weights,
            started from, ``"none"`` if there were none; empty if unknown.
        initial_weights: name and SHA-256 of the trained weights that the network started from; empty if none or
            unknown.
        iterations: number of training iterations.
        intensity_mean: lowest and highest mean intensity of a training clip, in the network's range 0 to 1, or
            ``None`` if unknown.
        intensity_sd: lowest and highest standard deviation of a training clip, in the same range, or ``None``.
        scores: results by name.
        command: command that trained the weights.
        weights_sha256: SHA-256 of each file of weights that the card describes, such as ``model.pt`` and
            ``model_final.pt`` of a run; empty until training saves the first one, ``None`` if not recorded.
        gdkvm_version: version of the package that wrote the card.
        release: version of the package that these weights are released with, in its own bundle only; training does
            not replace them. Empty for all other weights.

    Raises:
        ValueError: if a value is unknown, out of range, of the wrong type, or an expression.
    """

    network: str = ""
    network_options: Options | None = None
    frame_size: tuple[int, int] | None = None
    num_classes: int | None = None
    trained_on: str = "unknown"
    domain: str = UNKNOWN
    views: tuple[str, ...] = ()
    clips: int = 0
    license: str = "unknown"
    citation: str = ""
    imagenet_weights: str = ""
    initial_weights: str = ""
    iterations: int = 0
    intensity_mean: tuple[float, float] | None = None
    intensity_sd: tuple[float, float] | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    command: str = ""
    weights_sha256: tuple[str, ...] | None = None
    gdkvm_version: str = ""
    release: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.network_options, Mapping):
            if not self.network:
                raise ValueError("network_options are given without a network; set network to a known network.")
            channels = self.network_options.get("out_channels")
            if self.num_classes is None:
                object.__setattr__(self, "num_classes", channels)
            elif channels is not None and self.num_classes != channels:
                raise ValueError(
                    f"num_classes is {shorten(self.num_classes)}, but network_options.out_channels is "
                    f"{shorten(channels)}; make them equal."
                )
        if isinstance(self.weights_sha256, str):  # before version 0.3.0
            object.__setattr__(self, "weights_sha256", (self.weights_sha256,))
        for entry in fields(self):
            value = getattr(self, entry.name)
            check_plain(value, entry.name)
            if isinstance(value, list):
                value = tuple(value)
                object.__setattr__(self, entry.name, value)
            fits, expected = FIELD_CHECKS[entry.name]
            if not (value is None and entry.default is None or fits(value)):
                raise ValueError(f"{entry.name} is {shorten(value)}, expected {expected}; correct it.")
        if self.network:
            object.__setattr__(self, "network", network_name(self.network))

    @property
    def describes_network(self) -> bool:
        """Whether :meth:`build_network` is possible."""
        return bool(self.network) and self.network_options is not None

    @property
    def intensity_ranges(self) -> dict[str, tuple[float, float] | None]:
        """Lowest and highest mean and standard deviation of the training clips, by field name."""
        return {"intensity_mean": self.intensity_mean, "intensity_sd": self.intensity_sd}

    def build_network(self) -> nn.Module:
        """Build the network that the card describes, without weights.

        Raises:
            ValueError: if the card describes no network, or one that cannot be built.
        """
        if not self.describes_network:
            raise ValueError(
                "the card does not describe its network; name the overlay that the weights were trained with."
            )
        return build_network(self.network, self.network_options)

    def write(self, path: PathLike) -> None:
        """Write the card as a JSON file; the write is atomic."""
        write_json(path, asdict(self))


def read_card(weights: PathLike, check_weights: bool = True) -> ModelCard | None:
    """Read the model card beside a weights file: the JSON file with the same name, or else ``model.json``.

    Args:
        weights: path of the weights.
        check_weights: whether the weights must have a SHA-256 in the card, if it states any.

    Returns:
        The card, or ``None`` if neither file exists.

    Raises:
        ValueError: if the card is invalid, or belongs to other weights.
    """
    weights = Path(weights)
    for path in (weights.with_suffix(".json"), weights.with_name("model.json")):
        if path.is_file():
            try:
                card = _from_json(path)
                if check_weights:
                    _check_weights(card, weights)
            except ValueError as error:
                raise ValueError(f"model card {path}: {error}") from error
            return card
    return None


def _from_json(path: Path) -> ModelCard:
    if path.stat().st_size > LARGEST_CARD:
        raise ValueError(
            f"it has {path.stat().st_size} bytes, expected at most {LARGEST_CARD}; use the card that training wrote."
        )
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(NO_OBJECT) from error
    if not isinstance(content, dict):
        raise ValueError(NO_OBJECT)
    known = [entry.name for entry in fields(ModelCard)]
    for name in content:
        if name not in known:
            nearest = get_close_matches(name, known, 1) or known
            raise ValueError(f"it has an unknown field {shorten(name)}; did you mean {' or '.join(nearest)}?")
    return ModelCard(**content)


def _check_weights(card: ModelCard, weights: Path) -> None:
    if card.weights_sha256 is None or not weights.is_file():
        return
    found = file_sha256(weights)
    if found not in card.weights_sha256:
        stated = " or ".join(f"{sha256[:12]}..." for sha256 in card.weights_sha256)
        owned = f"weights with the SHA-256 {stated}" if stated else "a training run that has not saved weights yet"
        raise ValueError(
            f"it belongs to {owned}, but {weights.name} has {found[:12]}...; keep each card with its own weights."
        )
