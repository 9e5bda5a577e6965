"""Export of a bundle's network to another file format, checked against PyTorch and described in a JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from monai.bundle import ConfigParser

from gdkvm_monai.configs import bundle_dir, check_weights_file
from gdkvm_monai.configs.ids import check_overrides
from gdkvm_monai.configs.inference import build_parts, inference_files, read_inference_config, set_weights
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
    """The network to export: that of the model card beside the weights or, without a card, that of the config.

    Attributes:
        overlays: config files on ``inference.json``, or names in the bundle's ``configs``.
        overrides: ids of the config and their values; ``frame_size`` takes precedence over the card.
        weights: checkpoint; ``None`` takes random weights, for a trial.
    """

    overlays: Sequence[str | Path] = ()
    overrides: Mapping[str, object] | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class Target:
    """The output of an export.

    Attributes:
        out: output file, or folder of a Triton model repository.
        format: one of :data:`~gdkvm_monai.export.FORMATS`, or ``"triton"``, a repository of the ONNX step.
        form: one of :data:`~gdkvm_monai.export.FORMS`.
    """

    out: Path
    format: str = "onnx"
    form: str = "clip"


@dataclass(frozen=True)
class CheckedExport:
    """Result of an export.

    Attributes:
        file: exported network.
        description: JSON file beside it with inputs, outputs, and origin.
        max_abs_difference: largest absolute difference of a logit from PyTorch; NaN if a logit is NaN.
        tolerance: largest accepted difference.
    """

    file: Path
    description: Path
    max_abs_difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the file agrees with PyTorch within the tolerance."""
        return self.max_abs_difference <= self.tolerance  # false for NaN


def export_checked(source: NetworkSource, target: Target, frames: int = 30, tolerance: float = 5e-4) -> CheckedExport:
    """Export the network, compare it with PyTorch on a random clip, and describe it in a JSON file beside it.

    Args:
        source: network to export.
        target: output to write.
        frames: number of frames of the clip for the comparison.
        tolerance: largest accepted difference of a logit.

    Raises:
        OSError: if a config or the weights do not exist or cannot be read.
        ModuleNotFoundError: if the format requires a package that is missing.
        ValueError: if an override, the size, or the weights do not match the network.
    """
    check_packages("onnx" if target.format == "triton" else target.format)
    files = inference_files(source.overlays)
    torch.manual_seed(0)  # the same random weights for every trial
    named = ", ".join(map(str, files[1:] or files))
    if source.weights:
        check_weights_file(source.weights)
        named = named if read_card(source.weights) is None else f"the card beside {source.weights}"
    network, size = build_parts(_read_config(files, source), ("chosen_network", "chosen_frame_size"), named)
    size = tuple(size)
    if not isinstance(network, GDKVM):
        raise ValueError(
            f"{named} describes a {type(network).__name__}, expected a GDKVM; choose weights or an overlay of one."
        )
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
    description = {**asdict(facts), **_origin(network, size, source.weights), "parity": parity}
    side = written.out.with_name(written.out.name + ".json")
    write_json(side, plain(description))
    return CheckedExport(written.out, side, difference, tolerance)


def _write(network: GDKVM, target: Target, size: tuple[int, int]) -> Target:
    """Write the file and return its path, format, and form."""
    if target.format == "triton":
        return Target(write_triton_repository(network, target.out, size), "onnx", "step")
    target.out.parent.mkdir(parents=True, exist_ok=True)
    export_network(network, target.out, target.format, target.form, size)
    return target


def _read_config(files: Sequence[Path], source: NetworkSource) -> ConfigParser:
    """Read the configs, which name the card beside the weights; later ones and the overrides take precedence."""
    parser, overrides = read_inference_config(files), dict(source.overrides or {})
    check_overrides(parser, overrides)
    parser.update(overrides)
    if source.weights is None:
        parser["use_card"] = False
    else:
        set_weights(parser, source.weights)
    if "frame_size" in overrides:
        parser["chosen_frame_size"] = "@frame_size"
    return parser


def _origin(network: GDKVM, size: tuple[int, int], weights: Path | None) -> dict[str, object]:
    """Where the network comes from: its options, weights, and the classes of its output."""
    metadata = json.loads((bundle_dir() / "configs" / "metadata.json").read_text())
    return {
        "frame_size": size,
        "channel_def": metadata["network_data_format"]["outputs"]["pred"]["channel_def"],
        "network_def": {"_target_": f"gdkvm_monai.networks.nets.{type(network).__name__}", **network.options},
        "weights": weights and _weights_facts(weights),
    }


def _weights_facts(weights: Path) -> dict[str, str]:
    card = read_card(weights)
    license = card.license if card else "unknown"
    return {"file": weights.name, "sha256": file_sha256(weights), "license": license}
