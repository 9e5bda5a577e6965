"""A bundle's network in a file of another format, checked against PyTorch, with a description beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from monai.bundle import ConfigParser

from gdkvm_monai.configs import find_config
from gdkvm_monai.configs.ids import check_overrides
from gdkvm_monai.export.description import describe_export
from gdkvm_monai.export.formats import check_packages, export_network, open_export
from gdkvm_monai.export.parity import largest_difference
from gdkvm_monai.export.triton import write_triton_repository
from gdkvm_monai.files import file_sha256, plain, write_json
from gdkvm_monai.networks.card import read_card
from gdkvm_monai.networks.checkpoint import load_weights
from gdkvm_monai.networks.nets import GDKVM

__all__ = ["CheckedExport", "NetworkSource", "Target", "export_checked"]


@dataclass(frozen=True)
class NetworkSource:
    """Which network is exported: that of the card beside the weights; without one, that of the config.

    Attributes:
        overlays: config files on ``inference.json``, or names in the bundle's ``configs``.
        overrides: ids of the config and their values; ``frame_size`` wins over the card's.
        weights: checkpoint; ``None`` takes random weights, for a trial.
    """

    overlays: Sequence[str | Path] = ()
    overrides: Mapping[str, object] | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class Target:
    """What is written.

    Attributes:
        out: the file, or the folder of a Triton model repository.
        format: one of :data:`~gdkvm_monai.export.FORMATS`, or ``"triton"``, a repository of the ONNX step.
        form: one of :data:`~gdkvm_monai.export.FORMS`.
    """

    out: Path
    format: str = "onnx"
    form: str = "clip"


@dataclass(frozen=True)
class CheckedExport:
    """What became of an export.

    Attributes:
        file: the network.
        description: JSON beside it: what it takes and gives, and where it comes from.
        max_abs_difference: of a logit from PyTorch's; NaN where a logit is not a number.
        tolerance: the largest difference that is accepted.
    """

    file: Path
    description: Path
    max_abs_difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the file gives what PyTorch gives."""
        return self.max_abs_difference <= self.tolerance  # false for NaN


def export_checked(source: NetworkSource, target: Target, frames: int = 30, tolerance: float = 1e-4) -> CheckedExport:
    """Write the file, compare it with PyTorch on a random clip, and describe it in a JSON file beside it.

    Args:
        source: which network.
        target: what is written.
        frames: of the clip that is compared.
        tolerance: the largest difference of a logit that is accepted.

    Raises:
        FileNotFoundError: when a config or the weights do not exist.
        ModuleNotFoundError: when the format needs a package that is absent.
        ValueError: when an override, the size or the weights do not fit.
    """
    check_packages("onnx" if target.format == "triton" else target.format)
    config = _read_config(source)
    torch.manual_seed(0)  # the same random weights for every trial
    network = config.get_parsed_content("chosen_network")
    size = tuple(config.get_parsed_content("chosen_frame_size"))
    if source.weights:
        load_weights(network, source.weights, remedy="add the overlay that they were trained with to --config")
    written = _write(network.eval(), target, size)
    shape = (1, network.in_channels, *size, frames)
    difference = largest_difference(network, open_export(written.out, written.format), written.form, shape)
    parity = {
        "clip": list(shape),
        "max_abs_difference": None if math.isnan(difference) else difference,
        "tolerance": tolerance,
    }
    facts = describe_export(network, written.format, written.form, size)
    description = {**facts, **_origin(network, size, source.weights), "parity": parity}
    side = written.out.with_name(written.out.name + ".json")
    write_json(side, plain(description))
    return CheckedExport(written.out, side, difference, tolerance)


def _write(network: GDKVM, target: Target, size: tuple[int, int]) -> Target:
    """Write the file; returns where it is and what it holds."""
    if target.format == "triton":
        return Target(write_triton_repository(network, target.out, size), "onnx", "step")
    target.out.parent.mkdir(parents=True, exist_ok=True)
    export_network(network, target.out, target.format, target.form, size)
    return target


def _read_config(source: NetworkSource) -> ConfigParser:
    """The configs, later ones over earlier ones, with the overrides on top; they name the card beside the weights."""
    files = [str(find_config(name)) for name in ("inference.json", *source.overlays)]
    parser, overrides = ConfigParser(ConfigParser.load_config_files(files)), dict(source.overrides or {})
    check_overrides(parser, overrides)
    parser.update(overrides)
    if source.weights is None:
        parser["use_card"] = False
    else:
        parser["checkpoint"] = str(source.weights.absolute())  # absolute, so that no name can be an expression
    if "frame_size" in overrides:
        parser["chosen_frame_size"] = "@frame_size"
    return parser


def _origin(network: GDKVM, size: tuple[int, int], weights: Path | None) -> dict[str, object]:
    """Where the network comes from: its options, weights, and the classes of its output."""
    metadata = find_config("inference.json").with_name("metadata.json")
    outputs = json.loads(metadata.read_text())["network_data_format"]["outputs"] if metadata.is_file() else {}
    return {
        "frame_size": size,
        "channel_def": outputs.get("pred", {}).get("channel_def"),
        "network_def": {"_target_": f"gdkvm_monai.networks.nets.{type(network).__name__}", **network.options},
        "weights": weights and _weights_facts(weights),
    }


def _weights_facts(weights: Path) -> dict[str, str]:
    card = read_card(weights)
    license = card.license if card else "unknown"
    return {"file": weights.name, "sha256": file_sha256(weights), "license": license}
